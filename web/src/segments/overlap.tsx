import { Button, Card, Group, MultiSelect, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { count, number, percent } from '../app/format';
import { Empty, Failure } from '../app/states';
import { useMay } from '../session/api';
import { everySegmentQuery, overlapQuery, type Segment } from './api';
import { Circles } from './circles';
import classes from './overlap.module.css';
import { definitionOf, nameOf, type Part, partsOf } from './region';

const most = 8;

/** Who a segment shares with others. */
export function Overlap({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const { with: others = '' } = useSearch({ from: '/w/$workspace/segments/$segment' });
  const every = useQuery(everySegmentQuery(workspace));
  const all = every.data ?? [segment];
  const chosen = others
    .split(',')
    .map((key) => all.find((s) => s.key === key && s.id !== segment.id))
    .filter((s) => s !== undefined)
    .slice(0, most - 1);
  const sets = [segment, ...chosen];
  const overlap = useQuery(
    overlapQuery(
      workspace,
      sets.map((s) => s.key),
    ),
  );
  if (segment.state === 'archived') return <Empty title="An archived segment has no people to compare" />;
  return (
    <Stack gap="md">
      <Choice segment={segment} all={all} chosen={chosen} />
      <Failure error={every.error ?? overlap.error} again={() => overlap.refetch()} />
      {chosen.length === 0 && (
        <Empty title="Choose segments to compare with">
          Up to seven others: you see how many people they share, and any part can become a segment of its own.
        </Empty>
      )}
      {chosen.length > 0 && overlap.isPending && <Skeleton h={320} />}
      {chosen.length > 0 && overlap.data && <Shown sets={sets} parts={partsOf(sets, overlap.data.regions)} />}
    </Stack>
  );
}

function Choice({ segment, all, chosen }: { segment: Segment; all: readonly Segment[]; chosen: readonly Segment[] }) {
  const navigate = useNavigate();
  return (
    <MultiSelect
      maw={720}
      label={`Compare ${segment.name} with`}
      placeholder={chosen.length === 0 ? 'Choose segments' : undefined}
      searchable
      clearable
      hidePickedOptions
      maxValues={most - 1}
      clearButtonProps={{ 'aria-label': 'Choose none' }}
      data={all
        .filter((s) => s.id !== segment.id)
        .map((s) => ({ value: s.key, label: s.name }))
        .sort((a, b) => a.label.localeCompare(b.label))}
      value={chosen.map((s) => s.key)}
      onChange={(keys) =>
        navigate({
          from: '/w/$workspace/segments/$segment',
          to: '.',
          search: (before) => ({ ...before, with: keys.join(',') || undefined }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  );
}

function Shown({ sets, parts }: { sets: readonly Segment[]; parts: readonly Part[] }) {
  const [lit, setLit] = useState<string>();
  const drawn = sets.length <= 3 && parts.length > 0;
  const list = <Parts sets={sets} parts={parts} lit={lit} light={setLit} />;
  if (parts.length === 0) return <Empty title="Nobody is in any of them" />;
  if (!drawn) return list;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Card withBorder padding="md">
        <Circles sets={sets} parts={parts} lit={lit} light={setLit} />
      </Card>
      {list}
    </SimpleGrid>
  );
}

interface List {
  sets: readonly Segment[];
  parts: readonly Part[];
  lit: string | undefined;
  light: (id: string | undefined) => void;
}

/** Every part with its size as a bar: who is in exactly these segments. */
function Parts({ sets, parts, lit, light }: List) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const may = useMay('write');
  const everybody = parts.reduce((n, p) => n + p.count, 0);
  const largest = Math.max(...parts.map((p) => p.count), 1);
  return (
    <Card withBorder padding="md">
      <Text size="xs" c="dimmed" mb="xs">
        {count(everybody, 'person is', 'people are')} in {sets.length === 2 ? 'either' : 'any of them'}; each counts in
        one part.
      </Text>
      <ul className={classes.parts} aria-label="Parts">
        {parts.map((p) => (
          <li
            key={p.id}
            data-lit={lit === p.id || undefined}
            onPointerEnter={() => light(p.id)}
            onPointerLeave={() => light(undefined)}
          >
            <div className={classes.words}>
              <span className={classes.dots} aria-hidden>
                {sets.map((s, i) => (
                  <span key={s.id} data-set={i} data-in={p.in.includes(i) || undefined} />
                ))}
              </span>
              <Text size="sm">{nameOf(p, sets)}</Text>
            </div>
            <div className={classes.size}>
              <span className={classes.bar} aria-hidden>
                <span style={{ width: `${(100 * p.count) / largest}%` }} />
              </span>
              <span className={classes.number}>
                {number(p.count)}
                <Text span size="xs" c="dimmed" ml={6}>
                  {percent(p.count, everybody)}
                </Text>
              </span>
              {may && (
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Make a segment of: ${nameOf(p, sets)}`}
                  onFocus={() => light(p.id)}
                  onBlur={() => light(undefined)}
                  renderRoot={(props) => (
                    <Link
                      {...props}
                      to="/w/$workspace/segments/new"
                      params={{ workspace }}
                      search={{ definition: definitionOf(p, sets), name: nameOf(p, sets) } as never}
                    />
                  )}
                >
                  Make a segment
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
      <Group gap="md" mt="sm">
        {sets.map((s, i) => (
          <Text key={s.id} size="xs" c="dimmed" className={classes.legend}>
            <span className={classes.dot} data-set={i} aria-hidden />
            {s.name}: {number(s.count)}
          </Text>
        ))}
      </Group>
    </Card>
  );
}
