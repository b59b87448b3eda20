import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { inside } from '../app/inside';
import type { NameKind } from './api';

const data = createRoute({
  getParentRoute: () => inside,
  path: '/data',
  component: lazyRouteComponent(() => import('./data'), 'DataPage'),
});
const index = createRoute({
  getParentRoute: () => data,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/w/$workspace/data/sources', params, replace: true });
  },
});
const sources = createRoute({
  getParentRoute: () => data,
  path: '/sources',
  component: lazyRouteComponent(() => import('./sources'), 'Sources'),
});

/** Which names are shown: of what kind, of which event, beginning how. */
interface NamesSearch {
  kind?: NameKind;
  event?: string;
  q?: string;
}
const text = (x: unknown) => (typeof x === 'string' && x !== '' ? x : undefined);
const names = createRoute({
  getParentRoute: () => data,
  path: '/names',
  validateSearch: (search: Record<string, unknown>): NamesSearch => ({
    kind: text(search.kind) as NameKind | undefined,
    event: text(search.event),
    q: text(search.q),
  }),
  component: lazyRouteComponent(() => import('./names'), 'Names'),
});
const imports = createRoute({
  getParentRoute: () => data,
  path: '/imports',
  component: lazyRouteComponent(() => import('./imports'), 'Imports'),
});
const newImport = createRoute({
  getParentRoute: () => data,
  path: '/imports/new',
  component: lazyRouteComponent(() => import('./new_import'), 'NewImport'),
});
const showImport = createRoute({
  getParentRoute: () => data,
  path: '/imports/$import',
  component: lazyRouteComponent(() => import('./import'), 'ImportPage'),
});
const rejected = createRoute({
  getParentRoute: () => data,
  path: '/rejected',
  validateSearch: (search: Record<string, unknown>): { code?: string } => ({ code: text(search.code) }),
  component: lazyRouteComponent(() => import('./rejected'), 'RejectedItems'),
});

export const dataRoutes = [
  data.addChildren([index, sources, names, imports, newImport, showImport, rejected]),
] as const;
