import { queryOptions } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';

export type Overview = Schemas['Overview'];
export type Attention = Schemas['Attention'];
export type Move = Schemas['SegmentMove'];
export type Recipe = Schemas['Recipe'];
export type Entry = Schemas['ActivityEntry'];

/** The figures of a workspace, asked for again every few seconds. */
export const overviewQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['overview', workspace],
    queryFn: ({ signal }) => unwrap(api.GET('/api/overview', { signal })),
    refetchInterval: 3_000,
  });

/** Where what comes in is followed live, the newest so many first. */
export const activityStream = (limit: number) => `/api/activity?limit=${limit}`;

/** What the stream sends, as far as it is one. */
export function entryOf(data: unknown): Entry | undefined {
  return typeof data === 'object' && data !== null && 'seq' in data ? (data as Entry) : undefined;
}
