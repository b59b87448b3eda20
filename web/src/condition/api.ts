// What was seen in the data, for completion: names with their types and most used values, most used first.
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ApiError, api, type Schemas, unwrap } from '../api/client';
import { messageOf } from '../app/error';
import type { Condition } from '../definition/condition';

export type Name = Schemas['Name'];

/** Where names come from. */
export type Source =
  | { readonly kind: 'attribute' | 'event' | 'page' | 'screen' | 'link' | 'device_property' | 'campaign' }
  | { readonly kind: 'property'; readonly event: string };

const most = 500;

export const namesQuery = (workspace: string, source: Source | undefined, q = '') =>
  queryOptions({
    queryKey: ['names', workspace, source, q],
    queryFn: async ({ signal }) => {
      const { names } = await unwrap(
        api.GET('/api/schema', { params: { query: { ...(source as Source), q, limit: most } }, signal }),
      );
      return names;
    },
    enabled: source !== undefined,
    staleTime: 30_000,
  });

const valuesQuery = (workspace: string, source: Source | undefined, name: string, q: string) =>
  queryOptions({
    queryKey: ['values', workspace, source, name, q],
    queryFn: async ({ signal }) => {
      const of = source?.kind === 'property' ? { property: name } : { name };
      const query = { ...(source as Source), ...of, q, limit: 50 };
      return (await unwrap(api.GET('/api/schema', { params: { query }, signal }))).names;
    },
    staleTime: 30_000,
    placeholderData: (before) => before,
  });

export const useWorkspace = () => useParams({ strict: false }).workspace ?? '';

/** Attributes that are kept of everybody, without being sent. */
const own: readonly Name[] = ['$first_seen_at', '$last_seen_at'].map((name) => ({
  name,
  types: ['time'],
  count: 0,
  last_seen: null,
}));

/** The names of a source. Of very many the ones that begin with a text are asked for as well. */
export function useNames(source: Source | undefined, q = ''): { names: Name[]; complete: boolean } {
  const workspace = useWorkspace();
  const all = useQuery(namesQuery(workspace, source)).data;
  const complete = all !== undefined && all.length < most;
  const some = useQuery({
    ...namesQuery(workspace, source, q),
    enabled: source !== undefined && !complete && q !== '',
  }).data;
  const kept = source?.kind === 'attribute' ? own : [];
  const known = new Map([...(all ?? []), ...(some ?? []), ...kept].map((n) => [n.name, n]));
  return { names: [...known.values()], complete };
}

/** What is known of one name: its types and most used values; undefined while, or when, it was never seen. */
export function useName(source: Source | undefined, name: string): Name | undefined {
  return useNames(source, name).names.find((n) => n.name === name);
}

/** The values of a name that begin with a text, while they are wanted. */
export function useValues(source: Source | undefined, name: string, q: string, wanted: boolean): Name[] {
  const workspace = useWorkspace();
  const enabled =
    wanted &&
    name !== '' &&
    (source?.kind === 'attribute' || source?.kind === 'property' || source?.kind === 'device_property');
  return useQuery({ ...valuesQuery(workspace, source, name, q), enabled }).data ?? [];
}

interface Parsed {
  definition: Condition;
  text: string;
  sentence: string;
}

const parse = async (body: { text?: string; definition?: Condition }, signal?: AbortSignal): Promise<Parsed> =>
  (await unwrap(api.POST('/api/segments/parse', { body: body as never, signal }))) as unknown as Parsed;

/** The condition of a text, by the server's own grammar. */
export const textQuery = (workspace: string, text: string) =>
  queryOptions({
    queryKey: ['parse', workspace, text],
    queryFn: ({ signal }) => parse({ text }, signal),
    enabled: text.trim() !== '',
    staleTime: Number.POSITIVE_INFINITY,
    retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status > 0 && error.status < 500),
  });

/** Why a text is no condition, without the line that it all stands on. */
export const notUnderstood = (error: unknown) => messageOf(error).replace(/^line 1, column \d+: /, '');

/** The text of a condition. */
export const definitionQuery = (workspace: string, definition: Condition) =>
  queryOptions({
    queryKey: ['write', workspace, definition],
    queryFn: ({ signal }) => parse({ definition }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** The segments that can be referred to. */
export const segmentsQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['segments', workspace, 'all'],
    queryFn: async ({ signal }) => {
      const { segments } = await unwrap(
        api.GET('/api/segments', { params: { query: { limit: 1000 } as never }, signal }),
      );
      return segments;
    },
    staleTime: 10_000,
  });

/** The condition that a text says; what is wrong with it otherwise. */
export const parseWords = async (text: string): Promise<Condition> => (await parse({ text })).definition;
