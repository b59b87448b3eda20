import { createRouter, parseSearchWith, stringifySearchWith } from '@tanstack/react-router';
import { queryClient } from '../api/query';
import { broadcastRoutes } from '../broadcasts/routes';
import { campaignRoutes } from '../campaigns/routes';
import { dataRoutes } from '../data/routes';
import { parseExact } from '../definition/exact';
import { deliveryRoutes } from '../deliveries/routes';
import { homeRoutes } from '../home/routes';
import { peopleRoutes } from '../people/routes';
import { segmentRoutes } from '../segments/routes';
import { sessionRoutes } from '../session/routes';
import { settingsRoutes } from '../settings/routes';
import { templateRoutes } from '../templates/routes';
import { ErrorPage, NotFoundPage } from './error';
import { inside, root } from './inside';
import { Waiting } from './states';

const tree = root.addChildren([
  ...sessionRoutes,
  inside.addChildren([
    ...homeRoutes,
    ...peopleRoutes,
    ...segmentRoutes,
    ...campaignRoutes,
    ...broadcastRoutes,
    ...templateRoutes,
    ...deliveryRoutes,
    ...dataRoutes,
    ...settingsRoutes,
  ]),
]);

/** A value of the address, with every digit of its numbers: an id that is a number too long for one stays a text. */
function read(text: string): unknown {
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text))) throw new SyntaxError('a text');
  return parseExact(text);
}

export const router = createRouter({
  routeTree: tree,
  parseSearch: parseSearchWith(read),
  stringifySearch: stringifySearchWith(JSON.stringify, read),
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
