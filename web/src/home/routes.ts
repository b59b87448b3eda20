import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: lazyRouteComponent(() => import('./home'), 'HomePage'),
});
const activity = createRoute({
  getParentRoute: () => inside,
  path: '/activity',
  component: lazyRouteComponent(() => import('./activity'), 'ActivityPage'),
});

export const homeRoutes = [home, activity] as const;
