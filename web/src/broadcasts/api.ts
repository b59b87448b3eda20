import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';
import { exactly } from '../api/exact';
import type { Condition } from '../definition/condition';

export type Broadcast = Schemas['Broadcast'];
export type Spec = Broadcast['spec'];
export type Variant = NonNullable<Spec['variants']>[number];
export type Review = Schemas['BroadcastReview'];
export type Report = Schemas['BroadcastReport'];
export type Move = 'schedule' | 'unschedule' | 'send' | 'pause' | 'resume' | 'cancel';

export const broadcastsQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['broadcasts', workspace],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/broadcasts', { params: { query: { limit: 1000 } }, signal }))).broadcasts,
    refetchInterval: 10_000,
  });

const moving = (b?: Broadcast) => b?.state === 'sending' || b?.state === 'scheduled';

export const broadcastQuery = (workspace: string, id: string) =>
  queryOptions({
    queryKey: ['broadcasts', workspace, 'one', id],
    queryFn: ({ signal }) =>
      exactly<Broadcast>(api.GET('/api/broadcasts/{id}', { params: { path: { id } }, signal, parseAs: 'text' })),
    structuralSharing: false,
    refetchInterval: ({ state }) => (moving(state.data) ? 1_000 : 10_000),
  });

/** Who would get it, who would not and why, and how it would look to some of them. */
export const reviewQuery = (workspace: string, id: string, changed: string) =>
  queryOptions({
    queryKey: ['broadcasts', workspace, 'review', id, changed],
    queryFn: ({ signal }) => unwrap(api.POST('/api/broadcasts/{id}/review', { params: { path: { id } }, signal })),
    staleTime: 5_000,
    retry: false,
  });

/** What became of it. */
export const reportQuery = (workspace: string, id: string, live: boolean) =>
  queryOptions({
    queryKey: ['broadcasts', workspace, 'report', id],
    queryFn: ({ signal }) => unwrap(api.GET('/api/broadcasts/{id}/report', { params: { path: { id } }, signal })),
    refetchInterval: live ? 1_500 : 10_000,
    placeholderData: keepPreviousData,
  });

/** How many people an audience is now, before anything is left out. */
export const audienceQuery = (workspace: string, definition: Condition | undefined) =>
  queryOptions({
    queryKey: ['broadcasts', workspace, 'audience', definition],
    queryFn: ({ signal }) =>
      unwrap(api.POST('/api/segments/preview', { body: { definition, nodes: false, sample: 0 }, signal })),
    enabled: definition !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });

function useAfresh(workspace: string) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['broadcasts', workspace] });
}

export function useCreate(workspace: string) {
  return useMutation({
    mutationFn: (name: string) => unwrap(api.POST('/api/broadcasts', { body: { name, spec: {} } })),
    onSuccess: useAfresh(workspace),
  });
}

export function useSave(workspace: string) {
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; name?: string; spec?: Spec }) =>
      unwrap(api.PUT('/api/broadcasts/{id}', { params: { path: { id } }, body })),
    onSuccess: useAfresh(workspace),
  });
}

export function useDelete(workspace: string) {
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE('/api/broadcasts/{id}', { params: { path: { id } } })),
    onSuccess: useAfresh(workspace),
  });
}

/** Tells a broadcast to go on to another state. Above a thousand people the number is asked for. */
export function useMove(workspace: string) {
  return useMutation({
    mutationFn: ({ id, move, confirm }: { id: string; move: Move; confirm?: number }) =>
      unwrap(
        api.POST(`/api/broadcasts/{id}/${move}` as '/api/broadcasts/{id}/send', {
          params: { path: { id } },
          body: confirm === undefined ? {} : { confirm },
        }),
      ),
    onSuccess: useAfresh(workspace),
  });
}
