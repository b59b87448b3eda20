import { createRouter } from '@tanstack/react-router';
import { queryClient } from '../api/query';
import { dataRoutes } from '../data/routes';
import { homeRoutes } from '../home/routes';
import { peopleRoutes } from '../people/routes';
import { segmentRoutes } from '../segments/routes';
import { sessionRoutes } from '../session/routes';
import { settingsRoutes } from '../settings/routes';
import { ErrorPage, NotFoundPage } from './error';
import { inside, root } from './inside';
import { Waiting } from './states';

const tree = root.addChildren([
  ...sessionRoutes,
  inside.addChildren([...homeRoutes, ...peopleRoutes, ...segmentRoutes, ...dataRoutes, ...settingsRoutes]),
]);

export const router = createRouter({
  routeTree: tree,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultErrorComponent: ErrorPage,
  defaultNotFoundComponent: NotFoundPage,
  defaultPendingComponent: Waiting,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
