import { Anchor, Button, Group, Modal, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { count, moment, number, relative, useZone } from '../app/format';
import { Page } from '../app/page';
import { Empty, Failure } from '../app/states';
import { useMay } from '../session/api';
import { type Broadcast, broadcastsQuery, useCreate } from './api';
import { State } from './state';

/** Messages that went, or will go, to many people at once. */
export function BroadcastsPage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const broadcasts = useQuery(broadcastsQuery(workspace));
  const may = useMay('write');
  const [making, setMaking] = useState(false);
  const all = broadcasts.data ?? [];
  const make = may && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      New broadcast
    </Button>
  );
  return (
    <Page
      title="Broadcasts"
      about={all.length > 0 && count(all.length, 'broadcast', 'broadcasts')}
      actions={all.length > 0 && make}
    >
      <Failure error={broadcasts.error} again={() => broadcasts.refetch()} />
      {broadcasts.isPending && <Skeleton h={240} />}
      {broadcasts.data && all.length === 0 && (
        <Empty title="No broadcast yet" action={make}>
          A broadcast is one message to everybody in a segment, now or at a time. Until a channel is set up, messages go
          to the sandbox and reach nobody.
        </Empty>
      )}
      {all.length > 0 && <Rows broadcasts={all} />}
      {making && <NewBroadcast close={() => setMaking(false)} />}
    </Page>
  );
}

function Rows({ broadcasts }: { broadcasts: readonly Broadcast[] }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  return (
    <Table verticalSpacing="sm" highlightOnHover aria-label="Broadcasts">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th ta="right">People</Table.Th>
          <Table.Th visibleFrom="sm">Changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {broadcasts.map((b) => (
          <Table.Tr key={b.id}>
            <Table.Td>
              <Anchor
                fw={500}
                renderRoot={(props) => (
                  <Link {...props} to="/w/$workspace/broadcasts/$broadcast" params={{ workspace, broadcast: b.id }} />
                )}
              >
                {b.name}
              </Anchor>
            </Table.Td>
            <Table.Td>
              <State state={b.state} />
            </Table.Td>
            <Table.Td ta="right" className="number">
              {b.state === 'draft' || b.state === 'scheduled' ? '' : number(b.people)}
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text span size="sm" title={moment(b.updated_at, zone)}>
                {relative(b.updated_at)}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function NewBroadcast({ close }: { close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  const create = useCreate(workspace);
  const [name, setName] = useState('');
  return (
    <Modal opened onClose={close} title="New broadcast">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(name.trim(), {
            onSuccess: (b) =>
              navigate({ to: '/w/$workspace/broadcasts/$broadcast', params: { workspace, broadcast: b.id } }),
          });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="For you and your colleagues; the people who get it do not see it"
            required
            maxLength={150}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Failure error={create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
