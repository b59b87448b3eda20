import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { enter, root } from '../app/inside';
import { beGuest, sessionQuery, setupQuery, takeWanted } from './api';

/** Where to go after the log-in; only a path of this server. */
interface LogInSearch {
  to?: string;
}

const logIn = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): LogInSearch =>
    typeof search.to === 'string' && search.to.startsWith('/w/') ? { to: search.to } : {},
  component: lazyRouteComponent(() => import('./log_in'), 'LogInPage'),
});
const join = createRoute({
  getParentRoute: () => root,
  path: '/join',
  component: lazyRouteComponent(() => import('./join'), 'JoinPage'),
});

/** What the first admin is asked after the set-up. */
const welcome = createRoute({
  getParentRoute: () => root,
  path: '/w/$workspace/welcome',
  beforeLoad: enter,
  component: lazyRouteComponent(() => import('./welcome'), 'WelcomePage'),
});

/** The address / leads to the first workspace, or to the log-in; where there is a guest, straight in. */
const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async ({ context }) => {
    let session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session && (await context.queryClient.ensureQueryData(setupQuery)).guest)
      session = await beGuest(context.queryClient);
    const to = session && takeWanted();
    if (to?.startsWith('/w/')) throw redirect({ href: to });
    throw session
      ? redirect({ to: '/w/$workspace', params: { workspace: session.workspace.id } })
      : redirect({ to: '/login' });
  },
});

export const sessionRoutes = [start, logIn, join, welcome] as const;
