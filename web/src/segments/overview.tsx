import { Button, Card, Group, SegmentedControl, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { IconHistory, IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { brief, count, number, relative, useZone } from '../app/format';
import { Failure } from '../app/states';
import { type HistoryPoint, historyQuery, pastQuery, type Segment } from './api';
import { Chart, type Point } from './chart';
import { Conditions } from './conditions';
import classes from './overview.module.css';
import { type Range, ranges, type SegmentSearch } from './search';
import { evenly, spanOf, spans } from './span';

/** What a segment says, how it grew, and what each of its conditions does. */
export function Overview({ segment }: { segment: Segment }) {
  return (
    <Stack gap="lg">
      {segment.sentence && (
        <Text size="lg" className={classes.sentence}>
          <Text span inherit c="dimmed">
            Everybody who{' '}
          </Text>
          {segment.sentence}.
        </Text>
      )}
      {segment.state !== 'archived' && <Growth segment={segment} />}
      {segment.definition !== undefined && <Conditions segment={segment} />}
    </Stack>
  );
}

const pastPoints = 16;

function Growth({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const { range = '30d', past = false } = useSearch({ from: '/w/$workspace/segments/$segment' });
  const [table, setTable] = useState(false);
  const history = useQuery(historyQuery(workspace, segment.key, range, () => spanOf(range, zone, Date.now())));
  const made = Date.parse(segment.created_at);
  const from = Date.parse(spanOf(range, zone, history.dataUpdatedAt || Date.now()).from);
  const to = Math.max(history.dataUpdatedAt, from + spans[range].length - spans[range].step);
  const points = pointsOf(history.data?.points ?? [], spans[range].step, made, to);
  const before = past && segment.definition ? evenly(from, Math.min(made, to), pastPoints) : [];
  const earlier = useQuery(pastQuery(workspace, segment.definition, before));
  const joined = points.reduce((n, p) => n + p.enters, 0);
  const left = points.reduce((n, p) => n + p.leaves, 0);
  const marks = (history.data?.versions ?? [])
    .map((v) => ({ at: Date.parse(v.saved_at), label: v.version === 1 ? 'created' : `v${v.version}` }))
    .filter((m) => m.at >= from && m.at <= to);
  const young = made > from + spans[range].length / 8;
  const when = (at: number) => brief(at, zone);
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="sm" gap="xs">
        <Group gap="md">
          <Title order={2} size="h4">
            Size over time
          </Title>
          <Text size="sm" className="number">
            <span className={classes.joined}>+{number(joined)} joined</span>
            {' · '}
            <span className={classes.left}>−{number(left)} left</span>
          </Text>
        </Group>
        <Ranges range={range} />
      </Group>
      <Failure error={history.error} again={() => history.refetch()} />
      {history.isPending && <Skeleton h={300} />}
      {history.data && !table && (
        <Chart
          points={points}
          past={earlier.data ?? []}
          marks={marks}
          from={from}
          to={to}
          tick={(at) => tick(at, range, zone)}
          when={when}
        />
      )}
      {history.data && table && <Points points={points} when={when} />}
      <Group justify="space-between" mt="xs" gap="xs">
        <Text size="xs" c="dimmed">
          {made > from ? `Created ${relative(segment.created_at)}. ` : ''}
          {earlier.data && earlier.data.length > 0
            ? 'Dotted: how many its conditions of today would have matched then.'
            : `Times in ${zone}. Joined and left do not count who a new definition brought or took.`}
        </Text>
        <Group gap="xs">
          {young && segment.definition !== undefined && <PastButton past={past} loading={earlier.isFetching} />}
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            leftSection={<IconTable size={14} />}
            aria-pressed={table}
            onClick={() => setTable(!table)}
          >
            {table ? 'As a curve' : 'As a table'}
          </Button>
        </Group>
      </Group>
      <Failure error={earlier.error} again={() => earlier.refetch()} />
    </Card>
  );
}

/** The steps from when the segment was made on, each at its end. Who a new definition brought or took did not move. */
function pointsOf(steps: readonly HistoryPoint[], step: number, made: number, to: number): Point[] {
  return steps
    .map((p) => ({
      at: Math.min(Date.parse(p.at ?? '') + step, to),
      count: p.count,
      enters: p.enters - p.enters_defined,
      leaves: p.leaves - p.leaves_defined,
    }))
    .filter((p) => p.at > made);
}

const tick = (at: number, range: Range, zone: string) =>
  new Intl.DateTimeFormat(navigator.language, {
    timeZone: zone,
    ...(range === '24h' ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' }),
  }).format(at);

function useSay() {
  const navigate = useNavigate();
  return (patch: Partial<SegmentSearch>) =>
    navigate({
      from: '/w/$workspace/segments/$segment',
      to: '.',
      search: (before) => ({ ...before, ...patch }),
      replace: true,
      resetScroll: false,
    });
}

function Ranges({ range }: { range: Range }) {
  const say = useSay();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Range"
      value={range}
      onChange={(to) => say({ range: to === '30d' ? undefined : (to as Range) })}
      data={ranges.map((r) => ({ value: r, label: spans[r].label }))}
    />
  );
}

function PastButton({ past, loading }: { past: boolean; loading: boolean }) {
  const say = useSay();
  return (
    <Button
      size="compact-sm"
      variant={past ? 'light' : 'default'}
      leftSection={<IconHistory size={14} />}
      loading={loading}
      aria-pressed={past}
      onClick={() => say({ past: past ? undefined : true })}
    >
      {past ? 'Without the time before' : 'Show the time before'}
    </Button>
  );
}

/** The curve as numbers. */
function Points({ points, when }: { points: readonly Point[]; when: (at: number) => string }) {
  return (
    <Table.ScrollContainer minWidth={320} maxHeight={300} scrollAreaProps={{ tabIndex: 0 } as never}>
      <Table striped stickyHeader aria-label="Size over time">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Until</Table.Th>
            <Table.Th ta="right">People</Table.Th>
            <Table.Th ta="right">Joined</Table.Th>
            <Table.Th ta="right">Left</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="number">
          {points.toReversed().map((p) => (
            <Table.Tr key={p.at}>
              <Table.Td>{when(p.at)}</Table.Td>
              <Table.Td ta="right">{number(p.count)}</Table.Td>
              <Table.Td ta="right">{number(p.enters)}</Table.Td>
              <Table.Td ta="right">{number(p.leaves)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Caption>{count(points.length, 'step', 'steps')}</Table.Caption>
      </Table>
    </Table.ScrollContainer>
  );
}
