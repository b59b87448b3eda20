import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';
import type { Role } from '../session/api';

export type User = Schemas['User'];
export type Invitation = Schemas['Link'];
export type NewLink = Schemas['NewLink'];

/** Renames the workspace, or moves it to another time zone: then every segment is built anew. */
export function useUpdateWorkspace() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name?: string; time_zone?: string }) => unwrap(api.PUT('/api/workspace', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['session'] }),
  });
}

/** Deletes the workspace one is in; only a demo can be. */
export const useRemoveWorkspace = () => useMutation({ mutationFn: () => unwrap(api.DELETE('/api/workspace')) });

export const usersQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['users', workspace],
    queryFn: ({ signal }) => unwrap(api.GET('/api/users', { signal })),
  });

/** A change of users, after which they are read anew. */
function useUserChange<T, R>(change: (of: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: ['users'] }) });
}
export const useInvite = () =>
  useUserChange((body: { email: string; role: Role }) => unwrap(api.POST('/api/invitations', { body })));
export const useUninvite = () =>
  useUserChange((email: string) => unwrap(api.DELETE('/api/invitations/{email}', { params: { path: { email } } })));
export const useSetRole = () =>
  useUserChange(({ id, role }: { id: string; role: Role }) =>
    unwrap(api.PUT('/api/users/{id}', { params: { path: { id } }, body: { role } })),
  );
export const useRemoveUser = () =>
  useUserChange((id: string) => unwrap(api.DELETE('/api/users/{id}', { params: { path: { id } } })));
/** A link by which a user sets a new password. */
export const useNewPassword = () =>
  useUserChange((id: string) => unwrap(api.POST('/api/users/{id}/password', { params: { path: { id } } })));

export const auditQuery = (workspace: string, filter: { who?: string; about?: string }) =>
  infiniteQueryOptions({
    queryKey: ['audit', workspace, filter],
    queryFn: ({ signal, pageParam }) =>
      unwrap(api.GET('/api/audit', { params: { query: { after: pageParam, limit: 50, ...filter } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next || undefined,
  });

export const limitsQuery = queryOptions({
  queryKey: ['limits'],
  queryFn: async ({ signal }) => (await unwrap(api.GET('/api/limits', { signal }))).limits,
  staleTime: Number.POSITIVE_INFINITY,
});
