import { Anchor, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { number, relative } from '../app/format';
import { Empty, Failure, Waiting } from '../app/states';
import type { Json } from '../definition/condition';
import { type Name, type NameKind, namesQuery } from './api';
import classes from './code.module.css';
import { conditionOf, nameKinds } from './seen';

const most = 500;

/** Every name that came in: how often, with what, when last; each leads to a segment of whom it is about. */
export function Names() {
  const { workspace } = useParams({ from: '/w/$workspace/data/names' });
  const search = useSearch({ from: '/w/$workspace/data/names' });
  const navigate = useNavigate({ from: '/w/$workspace/data/names' });
  const shown = nameKinds.find((k) => k.kind === search.kind) ?? nameKinds[0];
  const kind = shown?.kind ?? 'event';
  const events = useQuery({ ...namesQuery(workspace, { kind: 'event', limit: most }), enabled: kind === 'property' });
  const event = kind === 'property' ? (search.event ?? events.data?.[0]?.name) : undefined;
  const names = useQuery({
    ...namesQuery(workspace, { kind, limit: most, ...(event && { event }), ...(search.q && { q: search.q }) }),
    enabled: kind !== 'property' || event !== undefined,
  });
  const none = names.data?.length === 0 || (kind === 'property' && events.data?.length === 0);
  return (
    <Stack gap="md">
      <Group gap="sm" align="flex-end">
        <Select
          label="Kind"
          w={160}
          allowDeselect={false}
          data={nameKinds.map((k) => ({ value: k.kind, label: k.label }))}
          value={kind}
          onChange={(k) => k && navigate({ search: { kind: k as NameKind } })}
        />
        {kind === 'property' && (
          <Select
            label="Of the event"
            searchable
            allowDeselect={false}
            data={events.data?.map((e) => e.name) ?? []}
            value={event ?? null}
            onChange={(e) => navigate({ search: (s) => ({ ...s, event: e ?? undefined }) })}
          />
        )}
        <Find
          key={kind}
          q={search.q ?? ''}
          onFind={(q) => navigate({ search: (s) => ({ ...s, q: q || undefined }), replace: true })}
        />
      </Group>
      <Failure error={names.error ?? events.error} again={() => names.refetch()} />
      {names.isPending && !none && !names.error && <Waiting />}
      {none && (
        <Empty title={search.q ? `Nothing begins with “${search.q}”` : 'Nothing seen yet'}>
          {search.q ? 'Names are found by how they begin.' : shown?.empty}
        </Empty>
      )}
      {!none && names.data && <NamesTable kind={kind} event={event} names={names.data} />}
      {names.data?.length === most && (
        <Text size="sm" c="dimmed">
          The {number(most)} most used are shown; find others by how they begin.
        </Text>
      )}
    </Stack>
  );
}

function Find({ q, onFind }: { q: string; onFind: (q: string) => void }) {
  const [text, setText] = useState(q);
  useEffect(() => {
    if (text === q) return;
    const timer = setTimeout(() => onFind(text), 200);
    return () => clearTimeout(timer);
  }, [text, q, onFind]);
  return (
    <TextInput
      label="Begins with"
      leftSection={<IconSearch size={16} />}
      value={text}
      onChange={(e) => setText(e.currentTarget.value)}
    />
  );
}

function NamesTable({ kind, event, names }: { kind: NameKind; event?: string; names: Name[] }) {
  const { workspace } = useParams({ from: '/w/$workspace/data/names' });
  const valued = kind === 'attribute' || kind === 'property' || kind === 'device_property';
  return (
    <Table verticalSpacing="xs" layout="auto">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          {valued && <Table.Th visibleFrom="sm">Type</Table.Th>}
          {valued && <Table.Th visibleFrom="sm">Most used values</Table.Th>}
          <Table.Th ta="right">{kind === 'attribute' ? 'People' : 'Times'}</Table.Th>
          <Table.Th ta="right" visibleFrom="xs">
            Last seen
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {names.map((n) => (
          <Table.Tr key={n.name}>
            <Table.Td>
              <Begin kind={kind} name={n.name} event={event}>
                {n.name}
              </Begin>
              {kind === 'event' && (
                <Anchor
                  size="xs"
                  c="dimmed"
                  ml="sm"
                  renderRoot={(props) => (
                    <Link
                      {...props}
                      to="/w/$workspace/data/names"
                      params={{ workspace }}
                      search={{ kind: 'property', event: n.name }}
                    />
                  )}
                >
                  properties
                </Anchor>
              )}
            </Table.Td>
            {valued && <Table.Td visibleFrom="sm">{n.types?.join(', ')}</Table.Td>}
            {valued && (
              <Table.Td visibleFrom="sm">
                <Group gap="xs">
                  {n.top?.slice(0, 5).map((v) => (
                    <Begin
                      key={JSON.stringify(v.value)}
                      kind={kind}
                      name={n.name}
                      event={event}
                      value={v.value as Json}
                      quiet
                    >
                      <bdi>{String(v.value)}</bdi> <span className="number">{number(v.count)}</span>
                    </Begin>
                  ))}
                </Group>
              </Table.Td>
            )}
            <Table.Td ta="right" className="number">
              {number(n.count)}
            </Table.Td>
            <Table.Td ta="right" visibleFrom="xs">
              {n.last_seen && relative(n.last_seen)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Leads to a new segment that begins with a name, or with one of its values. */
function Begin({
  kind,
  name,
  event,
  value,
  quiet,
  children,
}: {
  kind: NameKind;
  name: string;
  event?: string;
  value?: Json;
  quiet?: boolean;
  children: React.ReactNode;
}) {
  const { workspace } = useParams({ from: '/w/$workspace/data/names' });
  const definition = conditionOf(kind, name, event, value);
  return (
    <Anchor
      size="sm"
      fw={quiet ? undefined : 500}
      className={quiet ? classes.chip : classes.name}
      title="Begin a segment with it"
      renderRoot={(props) => (
        <Link {...props} to="/w/$workspace/segments/new" params={{ workspace }} search={{ definition } as never} />
      )}
    >
      {children}
    </Anchor>
  );
}
