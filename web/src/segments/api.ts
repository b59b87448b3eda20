import { queryOptions } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '../api/client';

export type Segment = Schemas['Segment'];

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
