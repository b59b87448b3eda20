import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Menu,
  Stack,
  Table,
  Text,
  Title,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core';
import { IconDots, IconKey, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { day, moment, relative, useZone } from '../app/format';
import { Empty, Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { type Key, type KeyKind, keysQuery } from './api';
import { CreateKey } from './create_key';
import { EndKey } from './end_key';
import type { Secrets } from './send_events';

export const kinds: Record<KeyKind, { name: string; about: string }> = {
  sk: { name: 'Server', about: 'Sends from your servers. Keep it secret.' },
  pk: { name: 'Browser', about: 'Sends from pages and apps. Everybody can read it; it can only send.' },
  ak: { name: 'API', about: 'Asks and changes everything, as far as its scope allows. Keep it secret.' },
};

type Asked = { what: 'create' } | { what: 'rotate' | 'revoke'; key: Key };

/** The keys of some kinds: made, replaced, ended. A secret is shown once; onSecret hears it too. */
export function Keys({
  kinds: shown,
  title,
  onSecret,
}: {
  kinds: KeyKind[];
  title: string;
  onSecret?: (s: Secrets) => void;
}) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const admin = useMay('admin');
  const keys = useQuery({ ...keysQuery(workspace), enabled: admin });
  const [asked, setAsked] = useState<Asked>();
  const zone = useZone();
  const close = () => setAsked(undefined);
  const ended = (k: Key) =>
    k.revoked_at !== undefined || (k.expires_at !== undefined && new Date(k.expires_at) < new Date());
  const all = (keys.data ?? [])
    .filter((k) => shown.includes(k.kind as KeyKind))
    .sort((a, b) => Number(ended(a)) - Number(ended(b)));
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {title}
        </Title>
        {admin && (
          <Button size="xs" leftSection={<IconPlus size={16} />} onClick={() => setAsked({ what: 'create' })}>
            New key
          </Button>
        )}
      </Group>
      {!admin && <Text c="dimmed">Keys are shown to admins of the workspace.</Text>}
      {admin && keys.isPending && <Waiting />}
      <Failure error={keys.error} again={() => keys.refetch()} />
      {keys.data && all.length === 0 && (
        <Empty title="No keys yet" icon={<IconKey size={28} />}>
          {shown.map((kind) => `${kinds[kind].name}: ${kinds[kind].about}`).join(' ')}
        </Empty>
      )}
      {all.length > 0 && (
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>{shown.includes('ak') ? 'Scope' : 'Kind'}</Table.Th>
              <Table.Th visibleFrom="sm">Begins with</Table.Th>
              <Table.Th visibleFrom="sm">Made</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th w={44}>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {all.map((k) => (
              <Table.Tr key={k.id}>
                <Table.Td>
                  <Group gap="xs">
                    <Text size="sm" fw={500} c={ended(k) ? 'dimmed' : undefined}>
                      {k.name}
                    </Text>
                    <State of={k} zone={zone} />
                  </Group>
                </Table.Td>
                <Table.Td>{k.kind === 'ak' ? k.scopes.join(', ') : kinds[k.kind as KeyKind].name}</Table.Td>
                <Table.Td visibleFrom="sm">
                  <Text size="sm" ff="monospace">
                    {k.hint}…
                  </Text>
                </Table.Td>
                <Table.Td visibleFrom="sm">{day(k.created_at, zone)}</Table.Td>
                <Table.Td>{used(k)}</Table.Td>
                <Table.Td>{!ended(k) && <KeyMenu of={k} onAsk={setAsked} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <CreateKey opened={asked?.what === 'create'} kinds={shown} onClose={close} onSecret={onSecret} />
      {asked && asked.what !== 'create' && (
        <EndKey of={asked.key} what={asked.what} onClose={close} onSecret={onSecret} />
      )}
    </Stack>
  );
}

/** Keys note their use to the hour. */
function used(k: Key) {
  if (!k.used_at) return 'never';
  return Date.now() - new Date(k.used_at).getTime() < 3_600_000 ? 'within the hour' : relative(k.used_at);
}

function State({ of: k, zone }: { of: Key; zone: string }) {
  if (k.revoked_at) return <Badge variant="default">revoked</Badge>;
  if (!k.expires_at) return null;
  const over = new Date(k.expires_at) < new Date();
  return (
    <Tooltip label={moment(k.expires_at, zone)}>
      <Badge variant="default">{over ? 'expired' : `ends ${relative(k.expires_at)}`}</Badge>
    </Tooltip>
  );
}

function KeyMenu({ of: key, onAsk }: { of: Key; onAsk: (a: Asked) => void }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={`Actions for the key ${key.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onAsk({ what: 'rotate', key })}>Replace …</Menu.Item>
        <Menu.Item onClick={() => onAsk({ what: 'revoke', key })}>Revoke …</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
