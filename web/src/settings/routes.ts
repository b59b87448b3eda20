import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { inside } from '../app/inside';

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings'), 'SettingsPage'),
});
const index = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/w/$workspace/settings/workspace', params, replace: true });
  },
});
const workspace = createRoute({
  getParentRoute: () => settings,
  path: '/workspace',
  component: lazyRouteComponent(() => import('./workspace'), 'WorkspaceSettings'),
});
const users = createRoute({
  getParentRoute: () => settings,
  path: '/users',
  component: lazyRouteComponent(() => import('./users'), 'Users'),
});
const keys = createRoute({
  getParentRoute: () => settings,
  path: '/keys',
  component: lazyRouteComponent(() => import('./api_keys'), 'ApiKeys'),
});

const channels = createRoute({
  getParentRoute: () => settings,
  path: '/channels',
  component: lazyRouteComponent(() => import('./channels'), 'Channels'),
});

/** Which entries of the audit log are shown. */
interface AuditSearch {
  who?: string;
  about?: string;
}
const text = (x: unknown) => (typeof x === 'string' && x !== '' ? x : undefined);
const audit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    who: text(search.who),
    about: text(search.about),
  }),
  component: lazyRouteComponent(() => import('./audit'), 'AuditLog'),
});
const limits = createRoute({
  getParentRoute: () => settings,
  path: '/limits',
  component: lazyRouteComponent(() => import('./limits'), 'Limits'),
});
const you = createRoute({
  getParentRoute: () => settings,
  path: '/you',
  component: lazyRouteComponent(() => import('./you'), 'You'),
});

export const settingsRoutes = [
  settings.addChildren([index, workspace, users, keys, channels, audit, limits, you]),
] as const;
