import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';
import type { Condition } from '../definition/condition';
import { parseExact } from '../definition/exact';

export type Preview = Schemas['Preview'];
export type NodeCount = Schemas['NodeCount'];
export type PersonRow = Schemas['PersonRow'];
export type Explained = Schemas['ExplainedNode'];
export type Impact = Schemas['Impact'];
export type Recipe = Schemas['Recipe'];
export type Segment = Schemas['Segment'];

const samplePeople = 8;

/** An answer that holds a definition, which keeps every digit. Such answers are never merged with those before. */
const exactly = async <T>(answer: Promise<{ data?: string; error?: unknown; response: Response }>) =>
  parseExact(await unwrap(answer)) as T;

/** Exact counts of a definition, of each of its conditions, and some of its people. */
export const previewQuery = (workspace: string, definition: Condition | undefined) =>
  queryOptions({
    queryKey: ['preview', workspace, definition],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/segments/preview', { body: { definition, nodes: true, sample: samplePeople }, signal }),
      ) as Promise<Preview>,
    enabled: definition !== undefined,
    staleTime: 10_000,
    gcTime: 60_000,
    refetchInterval: 15_000, // people move by themselves
  });

/** Segments worth having, from the data received. */
export const recipesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['recipes', workspace],
    queryFn: ({ signal }) => exactly<{ recipes: Recipe[] }>(api.GET('/api/recipes', { signal, parseAs: 'text' })),
    structuralSharing: false,
    staleTime: 60_000,
  });

/** Every form of a definition. */
export const formsQuery = (workspace: string, definition: Condition | undefined) =>
  queryOptions({
    queryKey: ['forms', workspace, definition],
    queryFn: ({ signal }) => unwrap(api.POST('/api/segments/parse', { body: { definition }, signal })),
    enabled: definition !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

/** Reads a definition from its text form, or from JSON. */
export const parse = (body: { text: string } | { definition: unknown }, signal: AbortSignal) =>
  exactly<{ definition: unknown }>(api.POST('/api/segments/parse', { body, signal, parseAs: 'text' }));

/** People whose user id or email begins so. */
export const findPeopleQuery = (workspace: string, search: string) =>
  queryOptions({
    queryKey: ['people', workspace, 'find', search],
    queryFn: async ({ signal }) => {
      const answer = await unwrap(api.GET('/api/people', { params: { query: { search, limit: 8 } as never }, signal }));
      return (answer as unknown as { people: PersonRow[] }).people;
    },
    placeholderData: keepPreviousData,
  });

/** Why a person matches a definition, or does not. */
export const explainQuery = (workspace: string, person: string, definition: Condition | undefined) =>
  queryOptions({
    queryKey: ['explain', workspace, person, definition],
    queryFn: ({ signal }) => unwrap(api.POST('/api/people/explain', { body: { person, definition }, signal })),
    enabled: person !== '' && definition !== undefined,
    refetchInterval: 15_000,
    gcTime: 60_000,
  });

/** What saving a definition of a segment would do. */
export const impactQuery = (workspace: string, segment: string, definition: Condition | undefined) =>
  queryOptions({
    queryKey: ['impact', workspace, segment, definition],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/segments/{id}/impact', {
          params: { path: { id: segment } },
          body: { definition, sample: 5 },
          signal,
        }),
      ),
    enabled: segment !== '' && definition !== undefined,
    staleTime: 0,
    gcTime: 0,
  });

/** A segment with the mark that tells whether it was changed since. */
export async function readSegment(id: string, signal?: AbortSignal): Promise<{ segment: Segment; etag: string }> {
  let etag = '';
  const segment = await exactly<Segment>(
    api.GET('/api/segments/{id}', { params: { path: { id } }, signal, parseAs: 'text' }).then((answer) => {
      etag = answer.response.headers.get('ETag') ?? '';
      return answer;
    }),
  );
  return { segment, etag };
}

/** A segment while it is built. */
export const buildQuery = (workspace: string, segment: string | undefined) =>
  queryOptions({
    queryKey: ['segments', workspace, 'build', segment],
    queryFn: async ({ signal }) => (await readSegment(segment ?? '', signal)).segment,
    enabled: segment !== undefined,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data && !isBuilding(state.data) ? false : 300),
  });

/** Whether the definition last saved does not serve yet. */
export const isBuilding = (segment: Segment) =>
  segment.state === 'building' || (segment.state === 'live' && segment.serving !== segment.version);

export interface Content {
  name: string;
  description: string;
  tags: string[];
  definition: Condition;
}

/** Makes a segment, or changes one that must not have been changed since. */
export function useSave(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ of, body }: { of?: { id: string; etag: string }; body: Content }) =>
      of
        ? unwrap(
            api.PUT('/api/segments/{id}', {
              params: { path: { id: of.id }, header: { 'If-Match': of.etag } },
              body,
            }),
          )
        : unwrap(api.POST('/api/segments', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['segments', workspace] }),
  });
}
