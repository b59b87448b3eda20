import { ActionIcon, Anchor, Button, Checkbox, Group, Paper, Text, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChartCircles, IconDots } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { count, number, signed, useZone, whole } from '../app/format';
import type { Segment } from './api';
import { SegmentMenu } from './menu';
import type { Column, Sort } from './search';
import { type Curve, Sparkline } from './sparkline';
import { State, Tags } from './state';
import classes from './table.module.css';

const rowHeight = 72;
const most = 8; // segments that can be compared

interface Rows {
  segments: readonly Segment[];
  /** Of the last seven days; undefined for what is younger. */
  change: (s: Segment) => number | undefined;
  curve: (s: Segment) => Curve | undefined;
}

/** The rows of the list. Only those in sight are in the page, however many there are. */
export function SegmentTable({ segments, change, curve }: Rows) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(body.current ? body.current.getBoundingClientRect().top + window.scrollY : 0), []);
  const rows = useWindowVirtualizer({
    count: segments.length,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: top,
    getItemKey: (i) => segments[i]?.id ?? i,
  });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const there = chosen.filter((key) => segments.some((s) => s.key === key));
  const choose = (key: string) => setChosen(there.includes(key) ? there.filter((k) => k !== key) : [...there, key]);
  const items = rows.getVirtualItems();
  const before = (items[0]?.start ?? top) - top;
  const after = rows.getTotalSize() - (items.at(-1)?.end ?? top) + top;
  return (
    <div ref={body}>
      <table className={classes.table} aria-label="Segments" aria-rowcount={segments.length + 1}>
        <thead>
          <tr>
            <th className={classes.choice}>
              <span className={classes.unseen}>Compare</span>
            </th>
            <Head column="name">Segment</Head>
            <Head column="count" numeric>
              People
            </Head>
            <th className={classes.wide}>30 days</th>
            <Head column="change" numeric className={classes.medium}>
              7 days
            </Head>
            <Head column="used" numeric className={classes.wide}>
              Used in
            </Head>
            <Head column="state" className={classes.medium}>
              State
            </Head>
            <th className={classes.wide}>Tags</th>
            <th className={classes.more}>
              <span className={classes.unseen}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <Spacer height={before} />
          {items.map(({ index, key }) => {
            const s = segments[index];
            if (!s) return null;
            return (
              <Row
                key={key as string}
                index={index}
                segment={s}
                change={change(s)}
                curve={curve(s)}
                chosen={there.includes(s.key)}
                full={there.length >= most}
                choose={() => choose(s.key)}
              />
            );
          })}
          <Spacer height={after} />
        </tbody>
      </table>
      {there.length > 0 && <Comparison keys={there} clear={() => setChosen([])} />}
    </div>
  );
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

/** A heading that sorts: numbers from the most, words from the first. */
function Head({
  column,
  numeric,
  className,
  children,
}: {
  column: Column;
  numeric?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const { sort = 'name' } = useSearch({ from: '/w/$workspace/segments' });
  const navigate = useNavigate();
  const descending = sort === `-${column}`;
  const active = descending || sort === column;
  const first: Sort = numeric ? `-${column}` : column;
  const next: Sort = !active ? first : descending ? column : `-${column}`;
  const Arrow = descending ? IconArrowDown : IconArrowUp;
  return (
    <th
      className={className}
      data-numeric={numeric || undefined}
      aria-sort={active ? (descending ? 'descending' : 'ascending') : undefined}
    >
      <UnstyledButton
        className={classes.sort}
        onClick={() =>
          navigate({
            from: '/w/$workspace/segments',
            to: '.',
            search: (before) => ({ ...before, sort: next === 'name' ? undefined : next }),
            replace: true,
            resetScroll: false,
          })
        }
      >
        {children}
        {active && <Arrow size={14} aria-hidden />}
      </UnstyledButton>
    </th>
  );
}

interface RowOf {
  index: number;
  segment: Segment;
  change: number | undefined;
  curve: Curve | undefined;
  chosen: boolean;
  full: boolean;
  choose: () => void;
}

function Row({ index, segment, change, curve, chosen, full, choose }: RowOf) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const archived = segment.state === 'archived';
  return (
    <tr aria-rowindex={index + 2} data-chosen={chosen || undefined} style={{ height: rowHeight }}>
      <td className={classes.choice}>
        {!archived && (
          <Checkbox
            size="xs"
            checked={chosen}
            disabled={full && !chosen}
            onChange={choose}
            aria-label={`Compare ${segment.name}`}
          />
        )}
      </td>
      <td className={classes.name}>
        <Anchor
          c="inherit"
          fw={600}
          size="sm"
          className={classes.link}
          renderRoot={(props) => (
            <Link
              {...props}
              to="/w/$workspace/segments/$segment"
              params={{ workspace, segment: segment.key }}
              search={{}}
            />
          )}
        >
          {segment.name}
        </Anchor>
        <Sentence segment={segment} />
        {segment.state !== 'live' && (
          <div className={classes.narrow}>
            <State segment={segment} />
          </div>
        )}
      </td>
      <td data-numeric className={classes.count}>
        {archived || (segment.state === 'building' && segment.serving === 0) ? '—' : number(segment.count)}
      </td>
      <td className={classes.wide}>{curve && <Sparkline curve={curve} now={segment.count} />}</td>
      <td data-numeric className={classes.medium}>
        <Moved by={change} since={segment.created_at} />
      </td>
      <td data-numeric className={classes.wide}>
        {segment.used_in.length > 0 ? (
          <Anchor
            size="sm"
            aria-label={`${segment.name} is used in ${count(segment.used_in.length, 'segment', 'segments')}`}
            renderRoot={(props) => (
              <Link
                {...props}
                to="/w/$workspace/segments/$segment"
                params={{ workspace, segment: segment.key }}
                search={{ tab: 'uses' }}
              />
            )}
          >
            {number(segment.used_in.length)}
          </Anchor>
        ) : (
          <Text span c="dimmed" size="sm">
            —
          </Text>
        )}
      </td>
      <td className={classes.medium}>
        <State segment={segment} />
      </td>
      <td className={classes.wide}>
        <Tags tags={segment.tags} max={2} />
      </td>
      <td className={classes.more}>
        <SegmentMenu segment={segment}>
          <ActionIcon aria-label={`Actions for ${segment.name}`}>
            <IconDots size={18} />
          </ActionIcon>
        </SegmentMenu>
      </td>
    </tr>
  );
}

function Sentence({ segment }: { segment: Segment }) {
  if (segment.state === 'failed') {
    return (
      <div className={classes.sentence} data-failed title={segment.reason}>
        Failed: {segment.reason || 'the server does not say why'}
      </div>
    );
  }
  const text = segment.sentence ?? (segment.description || 'People put in by hand');
  return (
    <div className={classes.sentence} title={text}>
      {text}
    </div>
  );
}

/** +12 or −3 in words of colour; nothing where there is nothing to compare with. */
function Moved({ by, since }: { by: number | undefined; since: string }) {
  const zone = useZone();
  if (by === undefined) {
    return (
      <Text span c="dimmed" size="sm" title={`Created ${whole(since, zone)}: not yet seven days old`}>
        —
      </Text>
    );
  }
  return (
    <span className={classes.moved} data-way={Math.sign(by)}>
      {signed(by)}
    </span>
  );
}

/** What can be done with the segments that are ticked. */
function Comparison({ keys, clear }: { keys: readonly string[]; clear: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [first = '', ...others] = keys;
  return (
    <Paper className={classes.bar} withBorder shadow="md" component="section" aria-label="Ticked segments">
      <Group gap="sm" wrap="nowrap">
        <Text size="sm">
          {count(keys.length, 'segment', 'segments')}
          {keys.length === most && ', no more can be compared'}
        </Text>
        <Button
          size="xs"
          leftSection={<IconChartCircles size={16} />}
          disabled={keys.length < 2}
          renderRoot={(props) =>
            keys.length < 2 ? (
              <button type="button" {...props} />
            ) : (
              <Link
                {...props}
                to="/w/$workspace/segments/$segment"
                params={{ workspace, segment: first }}
                search={{ tab: 'overlap', with: others.join(',') }}
              />
            )
          }
        >
          {keys.length < 2 ? 'Tick another to compare' : 'Compare'}
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={clear}>
          Clear
        </Button>
      </Group>
    </Paper>
  );
}
