import { queryOptions, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../app/page';
import { Failure, Waiting } from '../app/states';
import { readSegment } from './api';
import { type Draft, draftOf } from './draft';
import { unpack } from './draft_address';
import type { Opened } from './save';
import { Screen } from './screen';
import { type BuilderSearch, useBuilderSearch } from './search';

/** What the builder begins with: what it was opened on, and the draft of it that the address holds. */
export interface Opening {
  readonly base: Draft;
  readonly draft: Draft;
  readonly of?: Opened;
}

export function NewSegmentPage() {
  const { workspace } = useParams({ from: '/w/$workspace/segments/new' });
  const { search } = useBuilderSearch();
  const what = JSON.stringify([search.from, search.definition, search.name]);
  return <Opener key={what} workspace={workspace} title="New segment" />;
}

export function EditSegmentPage() {
  const { workspace, segment } = useParams({ from: '/w/$workspace/segments/$segment/edit' });
  return <Opener key={segment} workspace={workspace} segment={segment} title="Edit segment" />;
}

function Opener({ workspace, segment, title }: { workspace: string; segment?: string; title: string }) {
  const { search } = useBuilderSearch();
  const [first] = useState(search); // what the address becomes later is the builder's
  const [times, setTimes] = useState(0);
  const opening = useQuery(openingQuery({ workspace, segment, search: times === 0 ? first : {}, times }));
  if (opening.data)
    return <Screen key={times} workspace={workspace} opening={opening.data} reopen={() => setTimes(times + 1)} />;
  return (
    <Page title={title}>
      {opening.error ? <Failure error={opening.error} again={() => opening.refetch()} /> : <Waiting />}
    </Page>
  );
}

const openingQuery = (key: { workspace: string; segment?: string; search: BuilderSearch; times: number }) =>
  queryOptions({
    queryKey: ['opening', key],
    queryFn: ({ signal }) => open(key.segment, key.search, signal),
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

async function open(edited: string | undefined, search: BuilderSearch, signal: AbortSignal): Promise<Opening> {
  const packed = search.draft === undefined ? undefined : await unpack(search.draft);
  const key = edited ?? search.from;
  if (key === undefined) {
    const base = draftOf({ definition: search.definition, name: search.name });
    return { base, draft: packed ?? base };
  }
  const { segment, etag } = await readSegment(key, signal);
  if (edited === undefined) {
    const base = draftOf({ ...segment, name: `Copy of ${segment.name}` });
    return { base, draft: packed ?? base };
  }
  const base = draftOf(segment);
  return { base, draft: packed ?? base, of: { segment, etag: (packed && search.base) || etag } };
}
