import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { enterWorkspace } from '../api/client';
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

/** Lets in who belongs to the workspace of the address. In another workspace the page begins anew. */
export async function enter({
  context,
  params,
  location,
  preload,
}: {
  context: { queryClient: QueryClient };
  params: { workspace: string };
  location: { href: string };
  preload: boolean;
}) {
  const session = await context.queryClient.ensureQueryData(sessionQuery);
  if (!session) throw redirect({ to: '/login', search: { to: location.href } });
  if (!session.workspaces?.some((m) => m.workspace.id === params.workspace)) throw redirect({ to: '/' });
  if (preload || enterWorkspace(params.workspace)) return;
  window.location.assign(location.href);
  await new Promise(() => {}); // nothing of it is shown before
}

/** Everything inside a workspace. Features hang their screens under it. */
export const inside = createRoute({
  getParentRoute: () => root,
  path: '/w/$workspace',
  beforeLoad: enter,
  component: Shell,
});
