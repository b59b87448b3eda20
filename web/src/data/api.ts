import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap, workspaceHeaders } from '../api/client';
import { save } from '../app/save';

export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type KeyKind = 'pk' | 'sk' | 'ak';
export type Name = Schemas['Name'];
export type Import = Schemas['Import'];
export type Sample = Schemas['Sample'];
export type Mapping = Schemas['Mapping'];
export type Rejected = Schemas['Rejected'];
export type ImportKind = 'people' | 'events' | 'members';

export const keysQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['keys', workspace],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/keys', { signal }))).keys,
  });

/** A change of keys, after which they are read anew. */
function useKeyChange<T, R>(change: (of: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }) });
}
export const useCreateKey = () =>
  useKeyChange((body: { kind: KeyKind; name: string; scopes?: string[]; expires_at?: string }) =>
    unwrap(api.POST('/api/keys', { body })),
  );
export const useRotateKey = () =>
  useKeyChange(({ id, grace }: { id: string; grace: string }) =>
    unwrap(api.POST('/api/keys/{id}/rotate', { params: { path: { id } }, body: { grace } })),
  );
export const useRevokeKey = () =>
  useKeyChange((id: string) => unwrap(api.DELETE('/api/keys/{id}', { params: { path: { id } } })));

/** What came in last, and the place from which a stream goes on. */
export const lastArrivalQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['arrival', workspace],
    queryFn: async ({ signal }) => {
      const { activity, next } = await unwrap(
        api.GET('/api/activity', { params: { query: { limit: 1 } }, signal }) as Promise<{
          data?: Schemas['ActivityPage'];
          response: Response;
        }>,
      );
      return { last: activity.at(-1), next };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

export type NameKind =
  | 'event'
  | 'attribute'
  | 'property'
  | 'page'
  | 'screen'
  | 'link'
  | 'device_property'
  | 'campaign'
  | 'segment';

export const namesQuery = (
  workspace: string,
  query: { kind: NameKind; event?: string; property?: string; name?: string; q?: string; limit?: number },
) =>
  queryOptions({
    queryKey: ['names', workspace, query],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/schema', { params: { query }, signal }))).names,
    placeholderData: (before) => before,
    refetchInterval: 15_000,
  });

const running = (m: Import | undefined) => m?.state === 'running';

export const importsQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['imports', workspace],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/imports', { params: { query: { limit: 200 } }, signal }))).imports,
    refetchInterval: (query) => (query.state.data?.some(running) ? 1_000 : 15_000),
  });

export const importQuery = (workspace: string, id: string) =>
  queryOptions({
    queryKey: ['imports', workspace, id],
    queryFn: ({ signal }) => unwrap(api.GET('/api/imports/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (running(query.state.data) ? 500 : false),
  });

export const importRejectedQuery = (workspace: string, id: string, rejected: number) =>
  queryOptions({
    queryKey: ['imports', workspace, id, 'rejected', rejected],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/imports/{id}/rejected', { params: { path: { id }, query: { limit: 100 } }, signal }) as Promise<{
          data?: Schemas['ImportRejectionsPage'];
          response: Response;
        }>,
      ),
  });

/** A file as the body of a call: as it is. */
const asBody = (file: Blob) => ({
  body: file as never,
  bodySerializer: (body: unknown) => body as BodyInit,
  headers: { 'Content-Type': 'application/octet-stream' },
});

/** Of CSV and NDJSON this much of the head is enough to guess by. */
const head = 1 << 20;

export const useLook = () =>
  useMutation({
    mutationFn: ({ file, kind }: { file: File; kind: ImportKind }) => {
      const part = /\.parquet$/i.test(file.name) ? file : file.slice(0, head);
      return unwrap(api.POST('/api/imports/look', { params: { query: { kind, file: file.name } }, ...asBody(part) }));
    },
  });

interface ImportSpec {
  file: File;
  kind: ImportKind;
  mapping: Mapping;
  segment?: string;
  dryRun: boolean;
}

export function useStartImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, kind, mapping, segment, dryRun }: ImportSpec) =>
      unwrap(
        api.POST('/api/imports', {
          params: {
            query: {
              kind,
              file: file.name,
              mapping: JSON.stringify(mapping),
              ...(segment && { segment }),
              dry_run: dryRun,
            },
          },
          ...asBody(file),
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['imports'] }),
  });
}

export function useCancelImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST('/api/imports/{id}/cancel', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['imports'] }),
  });
}

/** Every row that was not taken, as a file for a spreadsheet. */
export const useRejectedRows = () =>
  useMutation({
    mutationFn: async (id: string) => {
      const answer = await fetch(`/api/imports/${encodeURIComponent(id)}/rejected?format=csv`, {
        headers: workspaceHeaders(),
      });
      if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
      save(await answer.blob(), `${id}-rejected.csv`);
    },
  });

export const rejectedQuery = (workspace: string, code: string) =>
  infiniteQueryOptions({
    queryKey: ['rejected', workspace, 'list', code],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET('/api/rejected', { params: { query: { after: pageParam, limit: 50, ...(code && { code }) } }, signal }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next || undefined,
  });

export const rejectedCodesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['rejected', workspace, 'codes'],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/rejected/codes', { signal }))).codes,
  });

/** Takes refused items again, one after the other, and tells how many were taken and why the first was not. */
export function useReplay() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (ids: number[]) => {
      const done = { taken: 0, refused: 0, why: '' };
      for (const id of ids) {
        try {
          await unwrap(api.POST('/api/rejected/{id}/replay', { params: { path: { id } } }));
          done.taken++;
        } catch (error) {
          done.refused++;
          done.why ||= error instanceof Error ? error.message : String(error);
        }
      }
      return done;
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['rejected'] }),
  });
}
