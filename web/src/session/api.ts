import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ApiError, api, type Schemas, unwrap } from '../api/client';

type Session = Schemas['Session'];
export type Scope = Session['scope'];
export type Role = 'viewer' | 'editor' | 'sender' | 'admin';

/** Who is logged in; null for nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    try {
      return await unwrap(api.GET('/api/session', { signal }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => unwrap(api.GET('/api/setup', { signal })),
});

export const linkQuery = (token: string) =>
  queryOptions({
    queryKey: ['link', token],
    queryFn: ({ signal }) => unwrap(api.POST('/api/links/read', { body: { token }, signal })),
    retry: false,
  });

/** Logs in; the session is read anew, so that a cookie that the browser did not keep is seen. */
export function useLogIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: { email: string; password: string }) => {
      await unwrap(api.POST('/api/session', { body }));
      return kept(client);
    },
  });
}

/** Looks around without an account. */
export async function beGuest(client: QueryClient) {
  await unwrap(api.POST('/api/session/guest'));
  return kept(client);
}

export function useAcceptLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: { token: string; email?: string; name?: string; password?: string }) => {
      await unwrap(api.POST('/api/links/accept', { body }));
      return kept(client);
    },
  });
}

/** Changes one's own password; one's other sessions end. */
export const useChangePassword = () =>
  useMutation({
    mutationFn: (body: { old?: string; password: string }) => unwrap(api.PUT('/api/session/password', { body })),
  });

/** Whether one may do what asks for a scope, in the workspace one is in. The server decides; this hides. */
export function useMay(scope: Scope): boolean {
  const { workspace } = useParams({ strict: false });
  const role = useQuery(sessionQuery).data?.workspaces?.find((m) => m.workspace.id === workspace)?.role ?? 'viewer';
  const has = { viewer: 0, editor: 1, sender: 2, admin: 3 }[role as Role] ?? 0;
  return has >= { read: 0, write: 1, send: 2, admin: 3 }[scope];
}

// Where one wanted to go, kept in this tab while one is away at an OpenID provider.
const wanted = 'carpel.to';
export const keepWanted = (to: string) => sessionStorage.setItem(wanted, to);
export function takeWanted() {
  const to = sessionStorage.getItem(wanted);
  sessionStorage.removeItem(wanted);
  return to ?? undefined;
}

export function useLogOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/session')),
    onSuccess: () => {
      client.clear();
      location.assign('/login');
    },
  });
}

async function kept(client: QueryClient) {
  const session = await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
  if (session) return session;
  throw new ApiError({
    type: 'about:blank',
    title: 'Not logged in',
    status: 401,
    code: 'unauthorized',
    detail: 'Your browser did not keep the session: open Carpel over https, or on the machine it runs on as localhost.',
  });
}
