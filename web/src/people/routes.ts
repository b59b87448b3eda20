import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const list = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  component: lazyRouteComponent(() => import('./people'), 'PeoplePage'),
});
/** $person is a key (p_…), id:… or email:…. */
const show = createRoute({
  getParentRoute: () => inside,
  path: '/people/$person',
  component: lazyRouteComponent(() => import('./person'), 'PersonPage'),
});

export const peopleRoutes = [list, show] as const;
