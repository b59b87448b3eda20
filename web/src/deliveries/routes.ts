import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { inside } from '../app/inside';
import { outcomes, states } from './words';

const deliveries = createRoute({
  getParentRoute: () => inside,
  path: '/deliveries',
  component: lazyRouteComponent(() => import('./deliveries'), 'DeliveriesPage'),
});
const index = createRoute({
  getParentRoute: () => deliveries,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/w/$workspace/deliveries/log', params, replace: true });
  },
});

/** What the list is narrowed to. */
export interface DeliverySearch {
  origin?: string;
  person?: string;
  state?: (typeof states)[number];
  outcome?: (typeof outcomes)[number];
}
const text = (x: unknown) => (typeof x === 'string' && x !== '' ? x : undefined);
const log = createRoute({
  getParentRoute: () => deliveries,
  path: '/log',
  validateSearch: (search: Record<string, unknown>): DeliverySearch => ({
    origin: text(search.origin),
    person: text(search.person),
    state: states.find((s) => s === search.state),
    outcome: outcomes.find((o) => o === search.outcome),
  }),
  component: lazyRouteComponent(() => import('./log'), 'Log'),
});

/** Which message is open, and what is looked for. */
export interface InboxSearch {
  message?: number;
  search?: string;
}
const inbox = createRoute({
  getParentRoute: () => deliveries,
  path: '/inbox',
  validateSearch: (search: Record<string, unknown>): InboxSearch => ({
    message: typeof search.message === 'number' ? search.message : undefined,
    search: text(search.search),
  }),
  component: lazyRouteComponent(() => import('./inbox'), 'Inbox'),
});

export const deliveryRoutes = [deliveries.addChildren([index, log, inbox])] as const;
