import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { setWorkspace } from '../api/client';
import { sessionQuery } from '../session/api';
import { ErrorPage, NotFoundPage } from './error';
import { Shell } from './shell';

// Addresses: /w/{workspace}/{screen}. What a screen shows (filters, a draft, a tab) is in the address too, so that it
// can be sent to somebody, and Back goes back.

export const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  errorComponent: ErrorPage,
  notFoundComponent: NotFoundPage,
});

/** Everything inside a workspace: calls are about it from here on. Features hang their screens under it. */
export const inside = createRoute({
  getParentRoute: () => root,
  path: '/w/$workspace',
  beforeLoad: async ({ context, params }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: '/login', search: { to: location.pathname + location.search } });
    if (!session.workspaces?.some((m) => m.workspace.id === params.workspace)) throw redirect({ to: '/' });
    setWorkspace(params.workspace);
  },
  component: Shell,
});
