import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';

export type Channel = Schemas['Channel'];
export type Sending = Schemas['Sending'];
export type ChannelCheck = Schemas['ChannelCheck'];

export const channelsQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['channels', workspace],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/channels', { signal }))).channels,
  });

export const sendingQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['sending', workspace],
    queryFn: ({ signal }) => unwrap(api.GET('/api/sending', { signal })),
  });

/** What is said of a channel. Secrets only go in: those left out stay. */
export interface ChannelContent {
  name: string;
  on: boolean;
  settings: Record<string, unknown>;
  secrets: Record<string, string>;
}

/** Adds a channel of a provider, or changes one. */
export function useSaveChannel(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, provider, body }: { id?: string; provider: string; body: ChannelContent }): Promise<Channel> =>
      id
        ? unwrap(api.PUT('/api/channels/{id}', { params: { path: { id } }, body }))
        : unwrap(api.POST('/api/channels', { body: { ...body, provider: provider as 'smtp' } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['channels', workspace] }),
  });
}

/** Switches a channel on or off. */
export function useSwitchChannel(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, on }: { id: string; on: boolean }) =>
      unwrap(api.PUT('/api/channels/{id}', { params: { path: { id } }, body: { on } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['channels', workspace] }),
  });
}

export function useDeleteChannel(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE('/api/channels/{id}', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['channels', workspace] }),
  });
}

/** Tries a channel without a message. */
export const useCheckChannel = () =>
  useMutation({
    mutationFn: (id: string) => unwrap(api.POST('/api/channels/{id}/check', { params: { path: { id } } })),
  });

/** Changes how the messages of the workspace go out. */
export function useSetSending(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Sending) => unwrap(api.PUT('/api/sending', { body })),
    onSuccess: (now) => client.setQueryData(sendingQuery(workspace).queryKey, now),
  });
}
