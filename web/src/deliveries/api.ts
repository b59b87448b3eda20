import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';
import type { DeliverySearch } from './routes';

export type Delivery = Schemas['Delivery'];
export type Caught = Schemas['InboxMessage'];

export const deliveriesQuery = (workspace: string, filter: DeliverySearch) =>
  infiniteQueryOptions({
    queryKey: ['deliveries', workspace, filter],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      unwrap(api.GET('/api/deliveries', { params: { query: { ...filter, limit: 100, after: pageParam } }, signal })),
    getNextPageParam: (last) => last.next || undefined,
    refetchInterval: 5_000,
  });

export const inboxQuery = (workspace: string, search?: string) =>
  queryOptions({
    queryKey: ['inbox', workspace, search],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/inbox', { params: { query: { search, limit: 200 } }, signal }))).messages,
    refetchInterval: 3_000,
  });

export const caughtQuery = (workspace: string, seq: number) =>
  queryOptions({
    queryKey: ['inbox', workspace, 'one', seq],
    queryFn: ({ signal }) => unwrap(api.GET('/api/inbox/{seq}', { params: { path: { seq } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Sends what may have gone out, or not, once more. */
export function useResend(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids: string[]) => unwrap(api.POST('/api/deliveries/resend', { body: { ids } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['deliveries', workspace] }),
  });
}

export function useEmptyInbox(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/inbox')),
    onSuccess: () => client.invalidateQueries({ queryKey: ['inbox', workspace] }),
  });
}
