import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const data = createRoute({
  getParentRoute: () => inside,
  path: '/data',
  component: lazyRouteComponent(() => import('./data'), 'DataPage'),
});

export const dataRoutes = [data] as const;
