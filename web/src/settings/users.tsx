import { ActionIcon, Button, Group, Menu, Select, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import { IconDots, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { day, relative, useZone } from '../app/format';
import { notify } from '../app/notify';
import { Failure, Waiting } from '../app/states';
import { type Role, sessionQuery, useMay } from '../session/api';
import { type Invitation, type User, usersQuery, useSetRole, useUninvite } from './api';
import { roles } from './roles';
import { type Asked, UserDialogs } from './user_dialogs';

/** Who works here: invited, given a role, taken out. */
export function Users() {
  const { workspace } = useParams({ from: '/w/$workspace/settings/users' });
  const admin = useMay('admin');
  const all = useQuery({ ...usersQuery(workspace), enabled: admin });
  const me = useQuery(sessionQuery).data?.user?.id;
  const [asked, setAsked] = useState<Asked>();
  const setRole = useSetRole();
  const uninvite = useUninvite();
  if (!admin) return <Text>Only admins of the workspace see who belongs to it, and invite others.</Text>;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Users
        </Title>
        <Button size="xs" leftSection={<IconUserPlus size={16} />} onClick={() => setAsked({ what: 'invite' })}>
          Invite somebody
        </Button>
      </Group>
      <Failure
        error={all.error ?? setRole.error ?? uninvite.error}
        again={all.error ? () => all.refetch() : undefined}
      />
      {all.isPending && <Waiting />}
      {all.data && (
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Who</Table.Th>
              <Table.Th w={150}>Role</Table.Th>
              <Table.Th visibleFrom="sm">State</Table.Th>
              <Table.Th w={44}>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {all.data.users.map((u) => (
              <UserRow
                key={u.id}
                of={u}
                me={u.id === me}
                onRole={(role) =>
                  setRole.mutate(
                    { id: u.id, role },
                    { onSuccess: () => void notify(`${u.name} is ${named(role)} now.`) },
                  )
                }
                onAsk={setAsked}
              />
            ))}
            {all.data.invitations.map((l) => (
              <InvitationRow key={l.email} of={l} onTakeBack={() => uninvite.mutate(l.email)} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <UserDialogs asked={asked} onAsk={setAsked} />
    </Stack>
  );
}

const named = (role: Role) => (role === 'editor' || role === 'admin' ? `an ${role}` : `a ${role}`);

function UserRow({
  of: u,
  me,
  onRole,
  onAsk,
}: {
  of: User;
  me: boolean;
  onRole: (role: Role) => void;
  onAsk: (a: Asked) => void;
}) {
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={500}>
          {u.name} {me && '(you)'}
        </Text>
        <Text size="xs" c="dimmed">
          {u.email}
        </Text>
      </Table.Td>
      <Table.Td>
        <Select
          size="xs"
          aria-label={`Role of ${u.name}`}
          data={roles.map(({ value, label }) => ({ value, label }))}
          allowDeselect={false}
          value={u.role}
          onChange={(role) =>
            role &&
            role !== u.role &&
            (me ? onAsk({ what: 'own role', role: role as Role, user: u }) : onRole(role as Role))
          }
        />
      </Table.Td>
      <Table.Td visibleFrom="sm">{u.seen_at ? `seen ${relative(u.seen_at)}` : 'not seen yet'}</Table.Td>
      <Table.Td>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`Actions for ${u.name}`}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => onAsk({ what: 'password', user: u })}>Link for a new password …</Menu.Item>
            <Menu.Item onClick={() => onAsk({ what: 'remove', user: u })}>Take out …</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}

function InvitationRow({ of: l, onTakeBack }: { of: Invitation; onTakeBack: () => void }) {
  const zone = useZone();
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm">{l.email}</Text>
      </Table.Td>
      <Table.Td>{roles.find((r) => r.value === l.role)?.label}</Table.Td>
      <Table.Td visibleFrom="sm">invited, until {day(l.expires_at, zone)}</Table.Td>
      <Table.Td>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`Actions for the invitation of ${l.email}`}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={onTakeBack}>Take the invitation back</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}
