import { Button, Group, Menu, Skeleton, Stack } from '@mantine/core';
import { IconChevronDown, IconPlus, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { count } from '../app/format';
import { Page } from '../app/page';
import { Empty, Failure } from '../app/states';
import { useMay } from '../session/api';
import { everySegmentQuery, type Segment, trendDays, trendsQuery } from './api';
import { NewManualDialog } from './details';
import { Filters } from './filters';
import { Recipes } from './recipes';
import { changeOver, select } from './select';
import type { Curve } from './sparkline';
import { SegmentTable } from './table';

/** Every segment of the workspace: found, sorted, compared. */
export function SegmentsPage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const search = useSearch({ from: '/w/$workspace/segments' });
  const archived = search.state === 'archived';
  const segments = useQuery(everySegmentQuery(workspace, archived));
  const all = segments.data ?? [];
  const trends = useQuery(trendsQuery(workspace, archived ? [] : all.map((s) => s.id))).data;
  const now = segments.dataUpdatedAt;
  const change = (s: Segment) => changeOver(7, s, trends?.get(s.id), now);
  const curve = (s: Segment) => sinceMade(s, trends?.get(s.id), now);
  const shown = select(all, search, change);
  const may = useMay('write');
  return (
    <Page
      title="Segments"
      about={
        segments.data &&
        count(all.length, archived ? 'archived segment' : 'segment', archived ? 'archived segments' : 'segments')
      }
      actions={may && <New />}
    >
      <Failure error={segments.error} again={() => segments.refetch()} />
      {segments.isPending && <Rows />}
      {segments.data && (
        <Stack gap="sm">
          <Filters all={all} shown={shown.length} />
          {shown.length > 0 && <SegmentTable segments={shown} change={change} curve={curve} />}
          {shown.length === 0 && all.length > 0 && <Nothing />}
          {all.length === 0 && archived && <Empty title="No segment is archived" />}
          {all.length === 0 && !archived && <Recipes />}
        </Stack>
      )}
    </Page>
  );
}

/** The counts of a segment from when it was made on. */
function sinceMade(s: Segment, counts: readonly number[] | undefined, now: number): Curve | undefined {
  if (!counts) return undefined;
  const days = Math.ceil((now - new Date(s.created_at).getTime()) / 86_400_000);
  return { counts: counts.slice(-days), days: trendDays };
}

function New() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [manual, setManual] = useState(false);
  return (
    <>
      <Group gap={1} wrap="nowrap">
        <Button
          leftSection={<IconPlus size={16} />}
          style={{ borderTopRightRadius: 0, borderBottomRightRadius: 0 }}
          renderRoot={(props) => <Link {...props} to="/w/$workspace/segments/new" params={{ workspace }} />}
        >
          New segment
        </Button>
        <Menu position="bottom-end" width={280}>
          <Menu.Target>
            <Button
              px={8}
              aria-label="More ways to make a segment"
              style={{ borderTopLeftRadius: 0, borderBottomLeftRadius: 0 }}
            >
              <IconChevronDown size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconUserPlus size={16} />} onClick={() => setManual(true)}>
              Manual segment, people by hand or by file
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      {manual && <NewManualDialog close={() => setManual(false)} />}
    </>
  );
}

function Nothing() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  return (
    <Empty
      title="No segment is like that"
      action={
        <Button
          variant="default"
          renderRoot={(props) => <Link {...props} to="/w/$workspace/segments" params={{ workspace }} search={{}} />}
        >
          Show all
        </Button>
      }
    >
      None passes all the filters.
    </Empty>
  );
}

function Rows() {
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading">
      {Array.from({ length: 8 }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={i} h={52} />
      ))}
    </Stack>
  );
}
