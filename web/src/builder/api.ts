import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';
import { exactly } from '../api/exact';
import type { Condition } from '../definition/condition';
import { isBuilding, type Segment } from '../segments/api';

export type Preview = Schemas['Preview'];
export type NodeCount = Schemas['NodeCount'];
export type PersonRow = Schemas['PersonRow'];
export type Explained = Schemas['ExplainedNode'];

const samplePeople = 8;

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

/** Reads a definition from its text form, or from JSON. */
export const parse = (body: { text: string } | { definition: unknown }, signal: AbortSignal) =>
  exactly<{ definition: unknown }>(api.POST('/api/segments/parse', { body, signal, parseAs: 'text' }));

/** Why a person matches a definition, or does not. */
export const explainQuery = (workspace: string, person: string, definition: Condition | undefined) =>
  queryOptions({
    queryKey: ['explain', workspace, person, definition],
    queryFn: ({ signal }) => unwrap(api.POST('/api/people/explain', { body: { person, definition }, signal })),
    enabled: person !== '' && definition !== undefined,
    refetchInterval: 15_000,
    gcTime: 60_000,
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
