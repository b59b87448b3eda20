import { Anchor, Button, Group, Paper, Progress, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { count, number, percent, useZone, whole } from '../app/format';
import { Failure } from '../app/states';
import type { PersonRow } from './api';
import { useBench } from './bench';
import classes from './builder.module.css';

/** How many people match, exactly, and who they are for example. */
export function Counts({ empty }: { empty: boolean }) {
  const { live } = useBench();
  const { preview, fresh, error, again } = live;
  if (empty)
    return (
      <Paper withBorder p="md">
        <Text size="sm" c="dimmed">
          Add a condition, and here stands how many people match: exactly, at once.
        </Text>
      </Paper>
    );
  if (!preview)
    return (
      <Paper withBorder p="md">
        {error ? <Failure error={error} again={again} /> : live.faults.size > 0 ? <Unfinished /> : <Skeleton h={120} />}
      </Paper>
    );
  return (
    <Paper withBorder p="md" component="section" aria-label="Who matches">
      <Stack gap="sm">
        <Headline />
        <div data-stale={!fresh || undefined} className={classes.fresh}>
          <Progress value={(100 * preview.count) / Math.max(1, preview.people)} size="sm" aria-label="Share of all" />
          <Text size="sm" c="dimmed" mt={4} className="number">
            {percent(preview.count, preview.people)} of {count(preview.people, 'person', 'people')}
          </Text>
        </div>
        <Reachable of={preview.reachable} />
        {live.faults.size > 0 && <Unfinished />}
        <Failure error={error} again={again} />
        <Sample people={preview.sample} />
      </Stack>
    </Paper>
  );
}

/** The number itself, and how it was come by. */
export function Headline() {
  const { preview, fresh } = useBench().live;
  const zone = useZone();
  if (!preview) return null;
  return (
    <Group gap="xs" align="baseline" className={classes.fresh} data-stale={!fresh || undefined}>
      <Text className={classes.total} data-testid="count">
        {number(preview.count)}
      </Text>
      <Text>{preview.count === 1 ? 'person' : 'people'}</Text>
      <Text size="sm" c="dimmed" title={preview.as_of ? whole(preview.as_of, zone) : undefined}>
        {fresh ? `exact · ${Math.max(1, Math.round(preview.took_ms))} ms` : 'counting…'}
      </Text>
    </Group>
  );
}

/** Tells the count to a screen reader when it has come to rest. */
export function Announcement() {
  const { preview, fresh } = useBench().live;
  const told = preview && `${count(preview.count, 'person matches', 'people match')}`;
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (fresh && told) setSaid(told);
  }, [fresh, told]);
  return (
    <VisuallyHidden role="status" aria-live="polite">
      {said}
    </VisuallyHidden>
  );
}

function Unfinished() {
  return (
    <Text size="sm" c="dimmed">
      A condition is not complete yet. The count goes on when it is.
    </Text>
  );
}

const channels: readonly [string, string][] = [
  ['email', 'email'],
  ['push', 'push'],
];

function Reachable({ of }: { of: Record<string, number> }) {
  const parts = channels.flatMap(([channel, word]) => {
    const n = of[channel];
    return n === undefined ? [] : [`${word} ${number(n)}`];
  });
  if (parts.length === 0) return null;
  return <Text size="sm">Reachable: {parts.join(' · ')}</Text>;
}

export const personName = (person: PersonRow) => person.email || person.id || person.key;

function Sample({ people }: { people: readonly PersonRow[] }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [all, setAll] = useState(false);
  if (people.length === 0) return null;
  const shown = all ? people : people.slice(0, 4);
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        For example
      </Text>
      <ul className={classes.sample}>
        {shown.map((person) => (
          <li key={person.key}>
            <Anchor
              size="sm"
              renderRoot={(props) => (
                <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: person.key }} />
              )}
            >
              {personName(person)}
            </Anchor>
          </li>
        ))}
      </ul>
      {people.length > shown.length && (
        <Button size="compact-xs" variant="subtle" color="gray" mt={4} onClick={() => setAll(true)}>
          Show {people.length - shown.length} more
        </Button>
      )}
    </div>
  );
}
