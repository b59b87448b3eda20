import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';

export type Person = Schemas['Person'];
export type Attribute = Schemas['Attr'];
export type Happening = Schemas['Event'];
export type Kind = 'event' | 'page' | 'screen' | 'message';
export type Membership = Schemas['PersonSegment'];
export type Device = Schemas['DeviceInfo'];

type PeoplePage = Schemas['PeoplePage'];

/** What a list of people is narrowed to: the beginning of an id or email, or an attribute with its value. */
export interface PeopleFilter {
  search?: string;
  attribute?: string;
  value?: string;
}

const ofPerson = (workspace: string, person: string, ...rest: unknown[]) => ['person', workspace, person, ...rest];

export const peopleQuery = (workspace: string, filter: PeopleFilter, attributes: readonly string[]) =>
  infiniteQueryOptions({
    queryKey: ['people', workspace, filter, attributes],
    initialPageParam: '',
    queryFn: async ({ signal, pageParam }) => {
      const query = { ...filter, attributes: [...attributes], limit: 100, after: pageParam };
      return (await unwrap(api.GET('/api/people', { params: { query }, signal }))) as PeoplePage;
    },
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: (before) => before,
  });

/** One person by key, id:…, email:…, or a bare id or email. */
export const personQuery = (workspace: string, person: string) =>
  queryOptions({
    queryKey: ofPerson(workspace, person, 'itself'),
    queryFn: ({ signal }) => unwrap(api.GET('/api/people/{id}', { params: { path: { id: person } }, signal })),
  });

export const timelineQuery = (workspace: string, person: string, filter: { kind?: Kind; name?: string }) =>
  infiniteQueryOptions({
    queryKey: ofPerson(workspace, person, 'timeline', filter),
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) => timeline(person, { ...filter, limit: 100, after: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

const timeline = (
  person: string,
  query: { kind?: Kind; name?: string; limit: number; after: string },
  signal?: AbortSignal,
) => unwrap(api.GET('/api/people/{id}/events', { params: { path: { id: person }, query }, signal }));

export const devicesQuery = (workspace: string, person: string) =>
  queryOptions({
    queryKey: ofPerson(workspace, person, 'devices'),
    queryFn: ({ signal }) => devices(person, signal),
  });

const devices = (person: string, signal?: AbortSignal) =>
  unwrap(api.GET('/api/people/{id}/devices', { params: { path: { id: person } }, signal }));

/** The segments that somebody is in, with when time alone takes them out. */
export const membershipsQuery = (workspace: string, person: string) =>
  queryOptions({
    queryKey: ofPerson(workspace, person, 'segments'),
    queryFn: ({ signal }) => memberships(person, signal),
    refetchInterval: 10_000,
  });

const memberships = (person: string, signal?: AbortSignal) =>
  unwrap(api.GET('/api/people/{id}/segments', { params: { path: { id: person }, query: { leaves: true } }, signal }));

/** Why somebody is in a segment, or is not. */
export const whyQuery = (workspace: string, person: string, segment: string) =>
  queryOptions({
    queryKey: ofPerson(workspace, person, 'why', segment),
    queryFn: ({ signal }) =>
      unwrap(api.POST('/api/people/{id}/explain', { params: { path: { id: person } }, body: { segment }, signal })),
    refetchInterval: 10_000,
  });

/** The names of attributes that were received, those of most people first. */
export const attributesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['names', workspace, 'attribute', 'all'],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/schema', { params: { query: { kind: 'attribute', limit: 1000 } }, signal })),
    staleTime: 60_000,
  });

/** Values of an attribute that were received and begin so. */
export const valuesQuery = (workspace: string, name: string, q: string) =>
  queryOptions({
    queryKey: ['names', workspace, 'attribute', name, q],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/schema', { params: { query: { kind: 'attribute', name, q, limit: 20 } }, signal })),
    enabled: name !== '',
    placeholderData: (before) => before,
  });

/**
 * Everything about what one thing that came in brought: an event's properties, or the attributes that were set then.
 * Undefined when it is kept no longer.
 */
export const broughtQuery = (workspace: string, entry: { person: string; kind: string; name: string; at: string }) =>
  queryOptions({
    queryKey: ofPerson(workspace, entry.person, 'brought', entry.kind, entry.name, entry.at),
    queryFn: async ({ signal }): Promise<Record<string, unknown> | null> => {
      if (entry.kind === 'identify') return attributesSetAt(entry, signal);
      if (entry.kind === 'device') return deviceOf(entry, signal);
      return propertiesOf(entry, signal);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

async function attributesSetAt({ person, at }: { person: string; at: string }, signal: AbortSignal) {
  const found = await unwrap(api.GET('/api/people/{id}', { params: { path: { id: person } }, signal }));
  const set = Object.entries(found.attributes ?? {}).filter(([, a]) => a.at === at);
  return Object.fromEntries(set.map(([name, a]) => [name, a.value]));
}

async function deviceOf({ person, at }: { person: string; at: string }, signal: AbortSignal) {
  const { devices: all } = await devices(person, signal);
  const device = all?.find((d) => d.last_used === at) ?? all?.[0];
  return device ? { token: device.token, platform: device.platform, ...device.properties } : null;
}

const isKind = (kind: string): kind is Kind => ['event', 'page', 'screen', 'message'].includes(kind);

async function propertiesOf(
  entry: { person: string; kind: string; name: string; at: string },
  signal: AbortSignal,
): Promise<Record<string, unknown> | null> {
  if (!isKind(entry.kind)) return null;
  let after = '';
  do {
    const page = await timeline(entry.person, { kind: entry.kind, limit: 1000, after }, signal);
    const events = page.events ?? [];
    const found = events.find((e) => e.at === entry.at && (e.name === entry.name || entry.name === ''));
    if (found) return found.properties ?? {};
    if (events.some((e) => e.at !== null && e.at < entry.at)) return null;
    after = page.next;
  } while (after);
  return null;
}

/** Erases somebody, for ever. */
export function useErase(workspace: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => unwrap(api.DELETE('/api/people/{id}', { params: { path: { id: key } } })),
    onSuccess: (_, key) => {
      client.removeQueries({ queryKey: ['person', workspace] });
      client.removeQueries({ queryKey: ['people', workspace] });
      return key;
    },
  });
}

/**
 * Everything that is known of somebody, as one JSON document, told in parts as it is read. The events come page by
 * page; progress hears how many.
 */
export async function everythingOf(
  person: Person,
  progress: (events: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const [device, segment] = await Promise.all([devices(person.key, signal), memberships(person.key, signal)]);
  const head = { exported_at: new Date().toISOString(), person, devices: device.devices, segments: segment.segments };
  const parts = [`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "events": [`];
  let events = 0;
  let after = '';
  do {
    const page = await timeline(person.key, { limit: 1000, after }, signal);
    for (const event of page.events ?? []) parts.push(`${events++ ? ',' : ''}\n    ${JSON.stringify(event)}`);
    after = page.next;
    progress(events);
  } while (after);
  parts.push('\n  ]\n}\n');
  return new Blob(parts, { type: 'application/json' });
}

/** The people of a filter with all their attributes, as a file. */
export async function fileOf(filter: PeopleFilter, format: 'csv' | 'ndjson', signal: AbortSignal): Promise<Blob> {
  const { data, error, response } = await api.GET('/api/people', {
    params: { query: { ...filter, format } },
    parseAs: 'blob',
    signal,
  });
  return unwrap(Promise.resolve({ data: data as Blob | undefined, error, response }));
}
