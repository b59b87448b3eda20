import { Anchor, Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { brief, useZone, whole } from '../app/format';
import { Empty, Failure, Waiting } from '../app/states';
import { importsQuery, keysQuery } from '../data/api';
import { everySegmentQuery } from '../segments/api';
import { useMay } from '../session/api';
import { auditQuery, usersQuery } from './api';
import { deeds, detailOf, topics } from './deeds';

/** Who did what, when, to which object. */
export function AuditLog() {
  const { workspace } = useParams({ from: '/w/$workspace/settings/audit' });
  const filter = useSearch({ from: '/w/$workspace/settings/audit' });
  const navigate = useNavigate({ from: '/w/$workspace/settings/audit' });
  const admin = useMay('admin');
  const entries = useInfiniteQuery({ ...auditQuery(workspace, filter), enabled: admin });
  const names = useNames(workspace, admin);
  const zone = useZone();
  if (!admin) return <Text>The audit log is for admins of the workspace.</Text>;
  const shown = entries.data?.pages.flatMap((p) => p.audit) ?? [];
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Select
          label="About"
          data={[{ value: '', label: 'Everything' }, ...topics]}
          allowDeselect={false}
          value={filter.about ?? ''}
          onChange={(about) => navigate({ search: (s) => ({ ...s, about: about || undefined }) })}
        />
        <Select
          label="By"
          searchable
          data={[
            { value: '', label: 'Anybody' },
            ...[...names].filter(([id]) => /^(usr|key)_/.test(id)).map(([value, label]) => ({ value, label })),
          ]}
          allowDeselect={false}
          value={filter.who ?? ''}
          onChange={(who) => navigate({ search: (s) => ({ ...s, who: who || undefined }) })}
        />
      </Group>
      <Failure error={entries.error} again={() => entries.refetch()} />
      {entries.isPending && <Waiting />}
      {entries.data && shown.length === 0 && <Empty title="Nothing was done of that kind" />}
      {shown.length > 0 && (
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>When</Table.Th>
              <Table.Th>Who</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th visibleFrom="sm">To what</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((e) => (
              <Table.Tr key={e.id}>
                <Table.Td>
                  <time dateTime={e.at} title={whole(e.at, zone)}>
                    {brief(e.at, zone)}
                  </time>
                </Table.Td>
                <Table.Td>{names.get(e.who) ?? (e.who.startsWith('usr_') ? 'a former user' : e.who)}</Table.Td>
                <Table.Td>
                  {deeds[e.action] ?? e.action}
                  <Text size="xs" c="dimmed">
                    {detailOf(e.action, e.detail as Record<string, unknown>)}
                  </Text>
                </Table.Td>
                <Table.Td visibleFrom="sm">{e.object !== e.who && <ObjectOf id={e.object} names={names} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {entries.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={entries.isFetchingNextPage} onClick={() => entries.fetchNextPage()}>
            Show older ones
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** The names of users, keys, segments and imports, by their ids. */
function useNames(workspace: string, enabled: boolean): Map<string, string> {
  const users = useQuery({ ...usersQuery(workspace), enabled }).data?.users ?? [];
  const keys = useQuery({ ...keysQuery(workspace), enabled }).data ?? [];
  const segments = useQuery({ ...everySegmentQuery(workspace), enabled }).data ?? [];
  const archived = useQuery({ ...everySegmentQuery(workspace, true), enabled }).data ?? [];
  const imports = useQuery({ ...importsQuery(workspace), enabled }).data ?? [];
  return new Map([
    ...[...segments, ...archived].map((s) => [s.id, s.name] as const),
    ...imports.map((m) => [m.id, m.file || 'an import'] as const),
    ...users.map((u) => [u.id, u.name] as const),
    ...keys.map((k) => [k.id, `the key ${k.name}`] as const),
  ]);
}

function ObjectOf({ id, names }: { id: string; names: Map<string, string> }) {
  const { workspace } = useParams({ from: '/w/$workspace/settings/audit' });
  if (id.startsWith('seg_') && !id.includes(' ')) {
    return (
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link {...props} to="/w/$workspace/segments/$segment" params={{ workspace, segment: id }} />
        )}
      >
        {names.get(id) ?? 'a segment that is gone'}
      </Anchor>
    );
  }
  if (id.startsWith('imp_')) {
    return (
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link {...props} to="/w/$workspace/data/imports/$import" params={{ workspace, import: id }} />
        )}
      >
        {names.get(id) ?? 'an earlier import'}
      </Anchor>
    );
  }
  return (
    <Text size="sm" c="dimmed">
      {names.get(id) ?? id}
    </Text>
  );
}
