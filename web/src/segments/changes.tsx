import { Anchor, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconArrowDownLeft, IconArrowUpRight, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { type Flow, useStream } from '../api/stream';
import { flowWords } from '../app/flow';
import { brief, count, useZone, whole } from '../app/format';
import { Empty, Waiting } from '../app/states';
import { type Change, changesAddress, type Segment } from './api';
import classes from './changes.module.css';

const causes: Record<Change['cause'], string> = {
  data: 'their data changed',
  time: 'time passed',
  definition: 'the definition changed',
  manual: 'by hand',
  import: 'an import',
  merge: 'merged with another person',
  erasure: 'the person was erased',
};

const shown = 60; // of the newest, before one asks for more
const most = 1000;

type Way = 'all' | Change['change'];

/** Who joins and leaves, as it happens. */
export function Changes({ segment }: { segment: Segment }) {
  const [last, setLast] = useState(shown);
  return <Feed key={last} segment={segment} last={last} more={last < most ? () => setLast(most) : undefined} />;
}

function Feed({ segment, last, more }: { segment: Segment; last: number; more?: () => void }) {
  const [changes, setChanges] = useState<readonly Change[]>([]); // newest first
  const [flow, setFlow] = useState<Flow>();
  const [frozen, setFrozen] = useState<readonly Change[]>();
  const [way, setWay] = useState<Way>('all');
  useStream(
    segment.state === 'archived' ? '' : changesAddress(segment.key, last),
    (data) => setChanges((before) => [data as Change, ...before].slice(0, most)),
    setFlow,
  );
  if (segment.state === 'archived') return <Empty title="An archived segment does not change" />;
  const waiting = frozen ? changes.findIndex((c) => c.seq === frozen[0]?.seq) : 0;
  const visible = (frozen ?? changes).filter((c) => way === 'all' || c.change === way);
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <Group gap="sm">
          <SegmentedControl
            size="xs"
            aria-label="Show"
            value={way}
            onChange={(to) => setWay(to as Way)}
            data={[
              { value: 'all', label: 'Everything' },
              { value: 'enter', label: 'Joined' },
              { value: 'leave', label: 'Left' },
            ]}
          />
          <Status flow={flow} paused={frozen !== undefined} state={segment.state} />
        </Group>
        <Button
          size="xs"
          variant="default"
          leftSection={frozen ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
          onClick={() => setFrozen(frozen ? undefined : changes)}
        >
          {frozen ? (waiting > 0 ? `Go on, ${count(waiting, 'change', 'changes')} waiting` : 'Go on') : 'Pause'}
        </Button>
      </Group>
      {flow === undefined && changes.length === 0 && <Waiting />}
      {flow === 'live' && visible.length === 0 && (
        <Empty title="Nothing yet">
          {way === 'all' ? 'Nobody joined or left in the last 90 days.' : 'Nobody did among the newest changes.'}{' '}
          Whoever does appears here at once.
        </Empty>
      )}
      <ol className={classes.feed} aria-label="Changes, newest first">
        {visible.map((c) => (
          <Row key={c.seq} change={c} />
        ))}
      </ol>
      {more && changes.length >= last && (
        <Button variant="default" onClick={more}>
          Show up to {most}
        </Button>
      )}
    </Stack>
  );
}

function Status({ flow, paused, state }: { flow?: Flow; paused: boolean; state: Segment['state'] }) {
  if (state === 'paused') return <Text size="sm">The segment is paused: nothing changes.</Text>;
  return (
    <span className={classes.status} data-live={(flow === 'live' && !paused) || undefined} role="status">
      {paused ? 'Paused' : flow ? flowWords[flow] : 'Connecting'}
    </span>
  );
}

function Row({ change: c }: { change: Change }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const joined = c.change === 'enter';
  const Icon = joined ? IconArrowUpRight : IconArrowDownLeft;
  return (
    <li className={classes.row}>
      <span className={classes.mark} data-joined={joined || undefined}>
        <Icon size={15} stroke={2.4} aria-hidden />
      </span>
      <span className={classes.who}>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: c.person }} />
          )}
        >
          {c.email ?? c.id ?? c.person}
        </Anchor>{' '}
        {joined ? 'joined' : 'left'}
      </span>
      <span className={classes.cause}>{causes[c.cause]}</span>
      {c.at && (
        <time className={classes.at} dateTime={c.at} title={whole(c.at, zone)}>
          {brief(c.at, zone)}
        </time>
      )}
    </li>
  );
}
