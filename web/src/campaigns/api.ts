import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';
import { exactly } from '../api/exact';

export type Campaign = Schemas['Campaign'];
export type Spec = Campaign['spec'];
export type Step = Spec['steps'][number];
export type Trigger = Spec['trigger'];
export type Counts = Schemas['CampaignCounts'];
export type Move = 'start' | 'pause' | 'resume' | 'archive';

export const campaignsQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['campaigns', workspace],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/campaigns', { params: { query: { limit: 1000 } }, signal }))).campaigns,
    refetchInterval: 15_000,
  });

export const campaignQuery = (workspace: string, id: string) =>
  queryOptions({
    queryKey: ['campaigns', workspace, 'one', id],
    queryFn: ({ signal }) =>
      exactly<Campaign>(api.GET('/api/campaigns/{id}', { params: { path: { id } }, signal, parseAs: 'text' })),
    structuralSharing: false,
  });

/** Where people are now, and what became of the others. */
export const countsQuery = (workspace: string, id: string) =>
  queryOptions({
    queryKey: ['campaigns', workspace, 'counts', id],
    queryFn: ({ signal }) => unwrap(api.GET('/api/campaigns/{id}/counts', { params: { path: { id } }, signal })),
    refetchInterval: 3_000,
  });

function useAfresh(workspace: string) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['campaigns', workspace] });
}

export function useCreate(workspace: string) {
  return useMutation({
    mutationFn: (body: { name: string; spec: Spec }) => unwrap(api.POST('/api/campaigns', { body })),
    onSuccess: useAfresh(workspace),
  });
}

export function useSave(workspace: string) {
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; name?: string; spec?: Spec }) =>
      unwrap(api.PUT('/api/campaigns/{id}', { params: { path: { id } }, body })),
    onSuccess: useAfresh(workspace),
  });
}

export function useMove(workspace: string) {
  return useMutation({
    mutationFn: ({ id, move }: { id: string; move: Move }) =>
      unwrap(api.POST(`/api/campaigns/{id}/${move}`, { params: { path: { id } } })),
    onSuccess: useAfresh(workspace),
  });
}
