import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';
import { builderSearch } from '../builder/search';
import { listSearch, segmentSearch } from './search';

const list = createRoute({
  getParentRoute: () => inside,
  path: '/segments',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('./segments'), 'SegmentsPage'),
});
const create = createRoute({
  getParentRoute: () => inside,
  path: '/segments/new',
  validateSearch: builderSearch,
  component: lazyRouteComponent(() => import('../builder/builder'), 'NewSegmentPage'),
});
const show = createRoute({
  getParentRoute: () => inside,
  path: '/segments/$segment',
  validateSearch: segmentSearch,
  component: lazyRouteComponent(() => import('./segment'), 'SegmentPage'),
});
const edit = createRoute({
  getParentRoute: () => inside,
  path: '/segments/$segment/edit',
  validateSearch: builderSearch,
  component: lazyRouteComponent(() => import('../builder/builder'), 'EditSegmentPage'),
});

export const segmentRoutes = [list, create, show, edit] as const;
