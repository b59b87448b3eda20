import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { day, number, relative, useZone, whole } from '../app/format';
import { visible } from '../app/reading';
import type { Person } from './api';
import { nameOf } from './name';
import type { FoundPeople } from './people_found';
import classes from './people_table.module.css';
import { plain } from './plain';

const rowHeight = 44;

interface Props {
  workspace: string;
  people: readonly Person[];
  found: FoundPeople;
  columns: readonly string[];
}

/** People as a table of any length: only the rows in sight are there, and more are read as one comes near the end. */
export function PeopleTable({ workspace, people, found, columns }: Props) {
  const zone = useZone();
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = useWindowVirtualizer({
    count: people.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  useEffect(() => {
    if (last >= people.length - 30 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [last, people.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const margin = rows.options.scrollMargin;
  const above = (items[0]?.start ?? margin) - margin;
  const below = rows.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);
  return (
    <>
      <section className={classes.frame} data-stale={found.isPlaceholderData || undefined} aria-label="People">
        <table className={classes.table} aria-rowcount={hasNextPage ? -1 : people.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              <th className={classes.who}>Person</th>
              <th>Id</th>
              {columns.map((name) => (
                <th key={name} title={name}>
                  <bdi>{visible(name)}</bdi>
                </th>
              ))}
              <th>First seen</th>
              <th>Last seen</th>
            </tr>
          </thead>
          <tbody ref={body}>
            {above > 0 && <Spacer height={above} span={columns.length + 4} />}
            {items.map(({ index }) => (
              <Row
                key={people[index]?.key}
                index={index}
                person={people[index] as Person}
                workspace={workspace}
                columns={columns}
                zone={zone}
              />
            ))}
            {below > 0 && <Spacer height={below} span={columns.length + 4} />}
          </tbody>
        </table>
      </section>
      <Text size="sm" c="dimmed" role="status" className="number">
        {hasNextPage
          ? `The first ${number(people.length)}; more come as you scroll.`
          : `${number(people.length)} in all`}
      </Text>
    </>
  );
}

const Spacer = ({ height, span }: { height: number; span: number }) => (
  <tr aria-hidden>
    <td colSpan={span} style={{ height, padding: 0, border: 0 }} />
  </tr>
);

interface RowProps extends Pick<Props, 'workspace' | 'columns'> {
  index: number;
  person: Person;
  zone: string;
}

function Row({ index, person, workspace, columns, zone }: RowProps) {
  const name = nameOf(person);
  return (
    <tr aria-rowindex={index + 2}>
      <td className={classes.who}>
        <Anchor
          c="var(--mantine-color-text)"
          fw={550}
          size="sm"
          title={name}
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: person.key }} />
          )}
        >
          <bdi>{visible(name)}</bdi>
        </Anchor>
        {person.email && person.email !== name && (
          <Text span size="xs" c="dimmed" title={person.email}>
            <bdi>{visible(person.email)}</bdi>
          </Text>
        )}
        {person.suppressed && (
          <Text span size="xs" c="red.8" darkHidden>
            suppressed
          </Text>
        )}
      </td>
      <td title={person.id ?? undefined}>
        <bdi>{visible(person.id ?? '—')}</bdi>
      </td>
      {columns.map((column) => {
        const text = plain(person.attributes?.[column]?.value, column, zone);
        return (
          <td key={column} title={text}>
            <bdi>{visible(text)}</bdi>
          </td>
        );
      })}
      <td className="number" title={person.first_seen_at ? whole(person.first_seen_at, zone) : undefined}>
        {person.first_seen_at ? day(person.first_seen_at, zone) : '—'}
      </td>
      <td className="number" title={person.last_seen_at ? whole(person.last_seen_at, zone) : undefined}>
        {person.last_seen_at ? relative(person.last_seen_at) : 'never'}
      </td>
    </tr>
  );
}
