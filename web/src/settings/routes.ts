import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings'), 'SettingsPage'),
});

export const settingsRoutes = [settings] as const;
