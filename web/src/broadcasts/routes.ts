import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const list = createRoute({
  getParentRoute: () => inside,
  path: '/broadcasts',
  component: lazyRouteComponent(() => import('./broadcasts'), 'BroadcastsPage'),
});
const show = createRoute({
  getParentRoute: () => inside,
  path: '/broadcasts/$broadcast',
  component: lazyRouteComponent(() => import('./broadcast'), 'BroadcastPage'),
});

export const broadcastRoutes = [list, show] as const;
