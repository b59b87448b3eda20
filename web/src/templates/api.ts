import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';

export type Template = Schemas['Template'];
export type Content = Template['content'];
export type Starter = Schemas['Starter'];
export type Version = Schemas['TemplateVersion'];
export type Preview = Schemas['TemplatePreview'];

export const templatesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['templates', workspace],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/templates', { params: { query: { limit: 1000 } }, signal }))).templates,
  });

export const templateQuery = (workspace: string, key: string) =>
  queryOptions({
    queryKey: ['templates', workspace, 'one', key],
    queryFn: ({ signal }) => unwrap(api.GET('/api/templates/{id}', { params: { path: { id: key } }, signal })),
  });

export const versionsQuery = (workspace: string, key: string) =>
  queryOptions({
    queryKey: ['templates', workspace, 'versions', key],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/templates/{id}/versions', { params: { path: { id: key } }, signal }))).versions,
  });

/** Templates that are ready, to begin with. */
export const startersQuery = queryOptions({
  queryKey: ['starters'],
  queryFn: async ({ signal }) => (await unwrap(api.GET('/api/templates/starters', { signal }))).starters,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Somebody of the workspace: the first of its people, by email, id or key; nobody in an empty one. */
export const somebodyQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['people', workspace, 'somebody'],
    queryFn: async ({ signal }) => {
      const { people } = (await unwrap(
        api.GET('/api/people', { params: { query: { limit: 1 } }, signal }),
      )) as Schemas['PeoplePage'];
      const [first] = people;
      return first ? first.email || first.id || first.key : null;
    },
    staleTime: 60_000,
  });

/** What a content becomes for a person; the one before stands until it is there. */
export const previewQuery = (workspace: string, content: Content, person?: string | null) =>
  queryOptions({
    queryKey: ['preview', workspace, content, person],
    queryFn: ({ signal }) =>
      unwrap(api.POST('/api/templates/preview', { body: { content, ...(person && { person }) }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  });

function useAfresh(workspace: string) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['templates', workspace] });
}

export function useCreate(workspace: string) {
  return useMutation({
    mutationFn: (body: { name: string; content: Content }) => unwrap(api.POST('/api/templates', { body })),
    onSuccess: useAfresh(workspace),
  });
}

export function useSave(workspace: string) {
  return useMutation({
    mutationFn: ({ id, etag, ...body }: { id: string; etag?: string; name?: string; content?: Content }) =>
      unwrap(
        api.PUT('/api/templates/{id}', { params: { path: { id }, header: etag ? { 'If-Match': etag } : {} }, body }),
      ),
    onSuccess: useAfresh(workspace),
  });
}

export function useDelete(workspace: string) {
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE('/api/templates/{id}', { params: { path: { id } } })),
    onSuccess: useAfresh(workspace),
  });
}

/** Sends one message as a try-out. */
export function useTestSend() {
  return useMutation({
    mutationFn: (body: { content: Content; person?: string; to?: string }) =>
      unwrap(api.POST('/api/send/test', { body })),
  });
}
