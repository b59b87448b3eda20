import { Autocomplete, Button, Group, SegmentedControl, Stack, Text, UnstyledButton } from '@mantine/core';
import { useInViewport } from '@mantine/hooks';
import { IconChevronRight } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import { At } from '../app/at';
import { longDay, useZone } from '../app/format';
import { Empty, Failure, Waiting } from '../app/states';
import { type Happening, type Kind, timelineQuery } from './api';
import { Happened, KindIcon, kindNames } from './happening';
import classes from './people.module.css';
import { Properties } from './properties';

interface Filter {
  kind?: Kind;
  name?: string;
}

/** What a person did and was sent, the newest first, day by day in the workspace's zone. */
export function Timeline({
  workspace,
  person,
  filter,
  onFilter,
}: {
  workspace: string;
  person: string;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}) {
  const { kind, name } = filter;
  const found = useInfiniteQuery(timelineQuery(workspace, person, { kind, name }));
  const events = found.data?.pages.flatMap((page) => page.events ?? []) ?? [];
  return (
    <Stack gap="sm">
      <Narrow filter={filter} names={namesOf(events)} onFilter={onFilter} />
      {found.isPending && <Waiting />}
      <Failure error={found.error} again={() => void found.refetch()} />
      {found.isSuccess && events.length === 0 && (
        <Nothing filtered={Boolean(kind || name)} all={() => onFilter({ kind: undefined, name: undefined })} />
      )}
      <Days events={events} />
      {found.hasNextPage && <Older busy={found.isFetchingNextPage} load={() => void found.fetchNextPage()} />}
      {found.isSuccess && !found.hasNextPage && events.length > 0 && (
        <Text size="sm" c="dimmed" ta="center">
          That is everything that is kept.
        </Text>
      )}
    </Stack>
  );
}

const namesOf = (events: readonly Happening[]) => [...new Set(events.map((e) => e.name).filter(Boolean))].sort();

function Narrow({ filter, names, onFilter }: { filter: Filter; names: string[]; onFilter: (filter: Filter) => void }) {
  const [typed, setTyped] = useState(filter.name ?? '');
  useEffect(() => setTyped(filter.name ?? ''), [filter.name]);
  const commit = (name: string) => onFilter({ name: name || undefined });
  return (
    <Group gap="xs">
      <SegmentedControl
        size="xs"
        aria-label="Kind"
        data={[{ value: '', label: 'All' }, ...kindNames]}
        value={filter.kind ?? ''}
        onChange={(kind) => onFilter({ kind: (kind || undefined) as Kind | undefined })}
      />
      <Autocomplete
        size="xs"
        w={220}
        placeholder="Any name"
        aria-label="Name"
        data={names}
        limit={50}
        value={typed}
        onChange={setTyped}
        onOptionSubmit={commit}
        onBlur={() => commit(typed)}
        onKeyDown={(event) => event.key === 'Enter' && commit(typed)}
        clearable
        onClear={() => commit('')}
      />
    </Group>
  );
}

function Nothing({ filtered, all }: { filtered: boolean; all: () => void }) {
  if (!filtered) return <Empty title="Nothing happened yet">No event, page, screen or message is known.</Empty>;
  return (
    <Empty
      title="Nothing like that"
      action={
        <Button variant="default" onClick={all}>
          Show everything
        </Button>
      }
    >
      This person has nothing of that kind and name.
    </Empty>
  );
}

function Days({ events }: { events: readonly Happening[] }) {
  const zone = useZone();
  const days: { day: string; events: Happening[] }[] = [];
  for (const event of events) {
    const day = event.at ? longDay(event.at, zone) : '';
    if (days.at(-1)?.day !== day) days.push({ day, events: [] });
    days.at(-1)?.events.push(event);
  }
  return days.map(({ day, events: of }) => (
    <section key={day} className={classes.day} aria-label={day}>
      <Text component="h2" size="xs" c="dimmed" fw={600} m={0} mb={2}>
        {day}
      </Text>
      <ul className={classes.happenings}>
        {of.map((event, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may be the same in everything, and none is ever moved
          <Row key={`${event.at} ${i}`} event={event} zone={zone} />
        ))}
      </ul>
    </section>
  ));
}

function Row({ event, zone }: { event: Happening; zone: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li>
      <UnstyledButton
        className={classes.happening}
        onClick={() => setOpen(!open)}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
      >
        <IconChevronRight size={14} className="chevron" data-open={open || undefined} aria-hidden />
        <KindIcon kind={event.kind} />
        <span className={classes.what}>
          <Happened {...event} />
        </span>
        {event.at && <At at={event.at} zone={zone} />}
      </UnstyledButton>
      {open && (
        <div id={id} className={classes.details}>
          <Properties properties={event.properties ?? {}} />
        </div>
      )}
    </li>
  );
}

/** Loads more when it comes into view, and on click. */
function Older({ busy, load }: { busy: boolean; load: () => void }) {
  const { ref, inViewport } = useInViewport<HTMLButtonElement>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each time it is seen
  useEffect(() => {
    if (inViewport && !busy) load();
  }, [inViewport, busy]);
  return (
    <Button ref={ref} variant="default" loading={busy} onClick={load}>
      Older
    </Button>
  );
}
