import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

/** What the live activity is narrowed to, in the address. */
export interface ActivitySearch {
  name?: string;
  person?: string;
}

const text = (value: unknown) => (value === undefined || value === '' ? undefined : String(value));

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: lazyRouteComponent(() => import('./home'), 'HomePage'),
});
const activity = createRoute({
  getParentRoute: () => inside,
  path: '/activity',
  validateSearch: (search: Record<string, unknown>): ActivitySearch => ({
    name: text(search.name),
    person: text(search.person),
  }),
  component: lazyRouteComponent(() => import('./activity'), 'ActivityPage'),
});

export const homeRoutes = [home, activity] as const;
