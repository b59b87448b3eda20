import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap, workspaceHeaders } from '../api/client';
import { exactly } from '../api/exact';
import { save } from '../app/save';
import type { Condition } from '../definition/condition';

export type Segment = Schemas['Segment'];
export type Member = Schemas['Member'];
export type MemberEdit = Schemas['MemberEdit'];
export type Change = Schemas['Change'];
export type HistoryPoint = Schemas['HistoryPoint'];
export type Version = Schemas['Version'];
export type Impact = Schemas['Impact'];
export type Recipe = Schemas['Recipe'];
export type Region = Schemas['Region'];
export type PersonRow = Schemas['PersonRow'];

export interface SegmentFilter {
  search?: string;
  tag?: string;
  kind?: 'dynamic' | 'manual';
  state?: string;
}

/** The segments of a workspace, counts as of now: asked again every few seconds, since people move by themselves. */
export const segmentsQuery = (workspace: string, filter: SegmentFilter) =>
  queryOptions({
    queryKey: ['segments', workspace, filter],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/segments', { params: { query: { ...filter, limit: 200 } as never }, signal })),
    refetchInterval: 5_000,
    placeholderData: (before) => before,
  });

const page = 1000; // segments in one answer

/** Every segment of a workspace, or every archived one. The more there are, the less often they are asked again. */
export const everySegmentQuery = (workspace: string, archived = false) =>
  queryOptions({
    queryKey: ['segments', workspace, 'every', archived],
    queryFn: async ({ signal }) => {
      const all: Segment[] = [];
      for (let after = ''; ; ) {
        const query = { limit: page, after, ...(archived && { state: 'archived' as const }) };
        const { segments, next } = await unwrap(api.GET('/api/segments', { params: { query }, signal }));
        all.push(...segments);
        if (!next) return all;
        after = next;
      }
    },
    refetchInterval: ({ state }) => Math.max(5_000, 10 * (state.data?.length ?? 0)),
  });

/** One segment, as of now. One that is being built is asked again quickly. */
export const segmentQuery = (workspace: string, key: string) =>
  queryOptions({
    queryKey: ['segments', workspace, 'one', key],
    queryFn: ({ signal }) => unwrap(api.GET('/api/segments/{id}', { params: { path: { id: key } }, signal })),
    refetchInterval: ({ state }) => (state.data && isBuilding(state.data) ? 400 : 2_000),
  });

/** Whether a version is under way: the first, or one newer than that which serves. */
export const isBuilding = (s: Segment) => s.state === 'building' || (s.state === 'live' && s.serving < s.version);

/** Days of the small curves. */
export const trendDays = 30;

/** How many people each segment held at the end of each of the last days, by id. */
export const trendsQuery = (workspace: string, ids: readonly string[]) =>
  queryOptions({
    queryKey: ['segments', workspace, 'trends', ids],
    queryFn: async ({ signal }) => {
      const counts = new Map<string, number[]>();
      for (let at = 0; at < ids.length; at += page) {
        const segments = ids.slice(at, at + page);
        const { trends } = await unwrap(api.POST('/api/segments/trends', { body: { segments, step: '1d' }, signal }));
        for (const t of trends) counts.set(t.segment, t.counts);
      }
      return counts;
    },
    enabled: ids.length > 0,
    staleTime: 60_000,
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });

/** How many people there are in the workspace. */
export const everybodyQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['overview', workspace, 'people'],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/overview', { signal }))).stats.people,
    refetchInterval: 15_000,
  });

/** Segments worth having, from the data received. */
export const recipesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['recipes', workspace],
    queryFn: ({ signal }) => exactly<{ recipes: Recipe[] }>(api.GET('/api/recipes', { signal, parseAs: 'text' })),
    structuralSharing: false,
    staleTime: 60_000,
    refetchInterval: 120_000,
  });

export interface Span {
  from: string;
  step: string;
}

/** How a segment changed, in steps, and the versions of its definition. The span is asked for anew each time. */
export const historyQuery = (workspace: string, key: string, range: string, span: () => Span) =>
  queryOptions({
    queryKey: ['segments', workspace, 'history', key, range],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/segments/{id}/history', { params: { path: { id: key }, query: span() }, signal })),
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  });

/** A definition in every form: text, a sentence, each condition in words. */
export const formsQuery = (workspace: string, definition: unknown) =>
  queryOptions({
    queryKey: ['forms', workspace, definition],
    queryFn: ({ signal }) => unwrap(api.POST('/api/segments/parse', { body: { definition }, signal })),
    enabled: definition !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

/** How many people each condition of a definition is about. */
export const effectQuery = (workspace: string, definition: unknown) =>
  queryOptions({
    queryKey: ['effect', workspace, definition],
    queryFn: ({ signal }) =>
      unwrap(api.POST('/api/segments/preview', { body: { definition, nodes: true, sample: 0 }, signal })),
    enabled: definition !== undefined,
    staleTime: 30_000,
  });

/** How many people a definition would have matched at moments of the past. */
export const pastQuery = (workspace: string, definition: unknown, moments: readonly number[]) =>
  queryOptions({
    queryKey: ['past', workspace, definition, moments],
    queryFn: async ({ signal }) => {
      const counts: { at: number; count: number }[] = [];
      for (const at of moments) {
        const body = { definition, sample: 0, as_of: new Date(at).toISOString() };
        counts.push({ at, count: (await unwrap(api.POST('/api/segments/preview', { body, signal }))).count });
      }
      return counts;
    },
    enabled: moments.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });

/** What saving a definition would do. */
export const impactQuery = (workspace: string, key: string, definition: unknown) =>
  queryOptions({
    queryKey: ['segments', workspace, 'impact', key, definition],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/segments/{id}/impact', {
          params: { path: { id: key } },
          body: { definition, sample: 5 },
          signal,
        }),
      ),
    enabled: definition !== undefined,
    staleTime: 0,
    gcTime: 0,
  });

/** The size of every region of several segments. */
export const overlapQuery = (workspace: string, keys: readonly string[]) =>
  queryOptions({
    queryKey: ['segments', workspace, 'overlap', keys],
    queryFn: ({ signal }) => unwrap(api.POST('/api/segments/overlap', { body: { segments: [...keys] }, signal })),
    enabled: keys.length > 1,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

/** Members in one answer. */
export const memberPage = 200;

/** A page of the members of a segment, from anywhere among them. */
export const membersQuery = (workspace: string, key: string, n: number) =>
  queryOptions({
    queryKey: ['segments', workspace, 'members', key, n],
    queryFn: async ({ signal }) => {
      const query = { limit: memberPage, skip: n * memberPage };
      const answer = api.GET('/api/segments/{id}/members', { params: { path: { id: key }, query }, signal });
      return ((await unwrap(answer)) as Schemas['MembersPage']).members;
    },
    staleTime: 10_000,
    gcTime: 30_000, // what was scrolled past is let go
    refetchInterval: 15_000,
  });

/** Where all members can be had as a file. */
export const exportAddress = (key: string, format: 'csv' | 'ndjson') =>
  `/api/segments/${encodeURIComponent(key)}/members?format=${format}`;

/** Where who enters and leaves is told live, from the newest changes on. */
export const changesAddress = (key: string, last: number) =>
  `/api/segments/${encodeURIComponent(key)}/changes?last=${last}` as const;

/** People whose user id or email begins so. */
export const findPeopleQuery = (workspace: string, search: string) =>
  queryOptions({
    queryKey: ['people', workspace, 'find', search],
    queryFn: async ({ signal }) => {
      const query = { search, limit: 8 };
      const answer = await unwrap(api.GET('/api/people', { params: { query }, signal }));
      return (answer as { people: PersonRow[] }).people;
    },
    enabled: search !== '',
    placeholderData: keepPreviousData,
  });

/** Whether somebody is in a segment, and why. */
export const explainQuery = (workspace: string, person: string, segment: string) =>
  queryOptions({
    queryKey: ['explain', workspace, person, segment],
    queryFn: ({ signal }) => unwrap(api.POST('/api/people/explain', { body: { person, segment }, signal })),
    enabled: person !== '',
    retry: false,
  });

/** Forgets what was read of segments, so that it is read anew. */
function useAfresh(workspace: string) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['segments', workspace] });
}

export type Verb = 'archive' | 'restore' | 'pause' | 'resume' | 'cancel';

/** Puts a segment into another state. */
export function useAct(workspace: string) {
  return useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: Verb }) =>
      unwrap(api.POST(`/api/segments/{id}/${verb}`, { params: { path: { id } } })),
    onSuccess: useAfresh(workspace),
  });
}

export function useDelete(workspace: string) {
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE('/api/segments/{id}', { params: { path: { id } } })),
    onSuccess: useAfresh(workspace),
  });
}

export interface Details {
  name: string;
  description: string;
  tags: string[];
}

/** Makes a manual segment. */
export function useCreateManual(workspace: string) {
  return useMutation({
    mutationFn: (body: Details) => unwrap(api.POST('/api/segments', { body: { ...body, kind: 'manual' } })),
    onSuccess: useAfresh(workspace),
  });
}

/** Changes what a segment is called, or goes back to a definition. */
export function useUpdate(workspace: string) {
  return useMutation({
    mutationFn: ({ id, body }: { id: string; body: Partial<Details> & { definition?: Condition } }) =>
      unwrap(api.PUT('/api/segments/{id}', { params: { path: { id } }, body })),
    onSuccess: useAfresh(workspace),
  });
}

/** Puts people into a manual segment or takes them out, by name or by a CSV file. */
export function useEditMembers(workspace: string, key: string) {
  return useMutation({
    mutationFn: (edit: { add?: string[]; remove?: string[] } | Blob): Promise<MemberEdit> =>
      edit instanceof Blob
        ? unwrap(
            api.POST('/api/segments/{id}/members', {
              params: { path: { id: key } },
              body: edit as never,
              bodySerializer: (body) => body as never,
              headers: { 'Content-Type': 'text/csv' },
            }),
          )
        : unwrap(api.POST('/api/segments/{id}/members', { params: { path: { id: key } }, body: edit })),
    onSuccess: useAfresh(workspace),
  });
}

/** Saves an answer of the server as a file: a plain link cannot say which workspace it is about. */
export async function download(address: string, name: string) {
  const answer = await fetch(address, { headers: workspaceHeaders() });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  save(await answer.blob(), name);
}
