import { Alert, Anchor, Button, Checkbox, Group, Menu, Skeleton, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload, IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import { brief, count, number, useZone, whole } from '../app/format';
import { notify } from '../app/notify';
import { Empty, Failure } from '../app/states';
import { useMay } from '../session/api';
import { AddPeopleDialog } from './add_people';
import { download, exportAddress, type Member, memberPage, membersQuery, type Segment, useEditMembers } from './api';
import { Check } from './check';
import classes from './members.module.css';

const rowHeight = 32;
const most = 1_000_000; // rows: browsers draw nothing taller

/** Everybody in a segment: any part of the list is read when one scrolls there. */
export function Members({ segment }: { segment: Segment }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [adding, setAdding] = useState(false);
  const may = useMay('write');
  const manual = segment.kind === 'manual' && segment.state !== 'archived' && may;
  const choose = (key: string) => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    setChosen(next);
  };
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Check segment={segment} />
        <Group gap="xs">
          {manual && chosen.size > 0 && <Remove segment={segment} chosen={chosen} done={() => setChosen(new Set())} />}
          {manual && (
            <Button leftSection={<IconUserPlus size={16} />} onClick={() => setAdding(true)}>
              Add people
            </Button>
          )}
          {segment.count > 0 && <Export segment={segment} />}
        </Group>
      </Group>
      {segment.count > 0 ? (
        <Rows segment={segment} chosen={manual ? chosen : undefined} choose={choose} />
      ) : (
        <Nobody segment={segment} add={manual ? () => setAdding(true) : undefined} />
      )}
      {adding && <AddPeopleDialog segment={segment} close={() => setAdding(false)} />}
    </Stack>
  );
}

function Nobody({ segment, add }: { segment: Segment; add?: () => void }) {
  if (segment.state === 'archived') return <Empty title="An archived segment has no people" />;
  if (segment.serving === 0) return <Empty title="Nobody yet">Its people are there when it is built.</Empty>;
  if (segment.kind === 'manual') {
    return (
      <Empty title="Nobody is in it" action={add && <Button onClick={add}>Add people</Button>}>
        People get in by name, by a pasted list, by a CSV file or by the API.
      </Empty>
    );
  }
  return <Empty title="Nobody matches right now">The moment somebody does, they are here.</Empty>;
}

interface Table {
  segment: Segment;
  /** Keys of the people that are ticked; undefined where none can be. */
  chosen: ReadonlySet<string> | undefined;
  choose: (key: string) => void;
}

function Rows({ segment, chosen, choose }: Table) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: Math.min(segment.count, most),
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const first = Math.floor((items[0]?.index ?? 0) / memberPage);
  const last = Math.floor((items.at(-1)?.index ?? 0) / memberPage);
  const [[from, to]] = useDebouncedValue([first, last] as const, 80); // pages that are only passed by are not read
  const wanted = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const pages = useQueries({ queries: wanted.map((n) => membersQuery(workspace, segment.key, n)) });
  const at = (i: number): Member | undefined => pages[Math.floor(i / memberPage) - from]?.data?.[i % memberPage];
  const failed = pages.find((p) => p.error);
  return (
    <>
      <Failure error={failed?.error} again={() => failed?.refetch()} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section ref={scroll} className={classes.scroll} tabIndex={0} aria-label="People in the segment">
        <table className={classes.table} aria-rowcount={segment.count + 1} aria-label="People">
          <thead>
            <tr>
              {chosen && (
                <th className={classes.choice}>
                  <span className={classes.unseen}>Take out</span>
                </th>
              )}
              <th>Email</th>
              <th className={classes.medium}>User id</th>
              <th className={classes.time}>In since</th>
            </tr>
          </thead>
          <tbody>
            <Spacer height={items[0]?.start ?? 0} />
            {items.map(({ index }) => {
              const m = at(index);
              return (
                <tr key={index} aria-rowindex={index + 2} style={{ height: rowHeight }}>
                  {chosen && (
                    <td className={classes.choice}>
                      {m && (
                        <Checkbox
                          size="xs"
                          checked={chosen.has(m.key)}
                          onChange={() => choose(m.key)}
                          aria-label={`Tick ${nameOf(m)}`}
                        />
                      )}
                    </td>
                  )}
                  {m ? <Person member={m} workspace={workspace} zone={zone} /> : <Pending />}
                </tr>
              );
            })}
            <Spacer height={rows.getTotalSize() - (items.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
      </section>
      <Text size="xs" c="dimmed">
        {count(segment.count, 'person', 'people')}, in the order in which they became known.
        {segment.count > most && ` The first ${number(most)} are shown; the export has all.`}
      </Text>
    </>
  );
}

const nameOf = (m: { email: string | null; id: string | null; key: string }) => m.email ?? m.id ?? m.key;

function Person({ member: m, workspace, zone }: { member: Member; workspace: string; zone: string }) {
  return (
    <>
      <td>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: m.key }} />
          )}
        >
          {nameOf(m)}
        </Anchor>
      </td>
      <td className={classes.medium}>{m.id ?? '—'}</td>
      <td className={classes.time}>
        {m.entered_at && (
          <time dateTime={m.entered_at} title={whole(m.entered_at, zone)}>
            {brief(m.entered_at, zone)}
          </time>
        )}
      </td>
    </>
  );
}

function Pending() {
  return (
    <>
      <td>
        <Skeleton h={10} w="60%" />
      </td>
      <td className={classes.medium}>
        <Skeleton h={10} w="40%" />
      </td>
      <td className={classes.time}>
        <Skeleton h={10} w="70%" />
      </td>
    </>
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

function Export({ segment }: { segment: Segment }) {
  const [busy, setBusy] = useState(false);
  const save = async (format: 'csv' | 'ndjson') => {
    setBusy(true);
    try {
      await download(exportAddress(segment.key, format), `${segment.key}.${format}`);
    } catch (error) {
      notify(`The export broke off: ${error instanceof Error ? error.message : error}`);
    }
    setBusy(false);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />} loading={busy}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save('csv')}>CSV, for spreadsheets</Menu.Item>
        <Menu.Item onClick={() => save('ndjson')}>NDJSON, a person a line</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Takes who is ticked out of a manual segment, after a second look. */
function Remove({ segment, chosen, done }: { segment: Segment; chosen: ReadonlySet<string>; done: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const edit = useEditMembers(workspace, segment.key);
  const [sure, setSure] = useState(false);
  const people = count(chosen.size, 'person', 'people');
  const remove = () =>
    edit.mutate(
      { remove: [...chosen] },
      {
        onSuccess: (e) => [notify(`${count(e.removed, 'person is', 'people are')} taken out`), setSure(false), done()],
      },
    );
  if (!sure) {
    return (
      <Button variant="default" leftSection={<IconUserMinus size={16} />} onClick={() => setSure(true)}>
        Take out {people}
      </Button>
    );
  }
  return (
    <Alert color="red" p="xs" role="alertdialog" aria-label={`Take ${people} out`}>
      <Group gap="xs">
        <Text size="sm">{people} will leave the segment.</Text>
        <Button size="xs" color="red" loading={edit.isPending} onClick={remove} autoFocus>
          Take out
        </Button>
        <Button size="xs" variant="default" onClick={() => setSure(false)}>
          Keep
        </Button>
      </Group>
      <Failure error={edit.error} />
    </Alert>
  );
}
