import { Alert, Button, Card, Group, Modal, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { sessionQuery, useMay } from '../session/api';
import { useHere } from '../start/api';
import { useRemoveWorkspace, useUpdateWorkspace } from './api';
import { NewWorkspace } from './new_workspace';
import { ZoneSelect } from './zone';

type Workspace = NonNullable<ReturnType<typeof useHere>>;

/** What the workspace is called, whose days count in it, and other workspaces. */
export function WorkspaceSettings() {
  const here = useHere();
  const [adding, setAdding] = useState(false);
  const admin = useMay('admin');
  if (!here) return null;
  return (
    <Stack gap="lg" maw={560}>
      <Identity key={here.id} of={here} />
      <Card withBorder padding="lg">
        <Stack gap="sm">
          <Title order={2} size="h4">
            More workspaces
          </Title>
          <Text size="sm" c="dimmed">
            Each has people, segments, keys and users of its own. Switch between them at the top left.
          </Text>
          {admin ? (
            <Group>
              <Button variant="default" onClick={() => setAdding(true)}>
                New workspace
              </Button>
            </Group>
          ) : (
            <Text size="sm">Admins can make another.</Text>
          )}
        </Stack>
      </Card>
      {here.demo && admin && <Demo name={here.name} />}
      <NewWorkspace opened={adding} onClose={() => setAdding(false)} />
    </Stack>
  );
}

function Identity({ of: here }: { of: Workspace }) {
  const admin = useMay('admin');
  const update = useUpdateWorkspace();
  const [name, setName] = useState(here.name);
  const [zone, setZone] = useState(here.time_zone);
  const changed = name !== here.name || zone !== here.time_zone;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ name, time_zone: zone }, { onSuccess: () => void notify('Saved.') });
  };
  return (
    <Card withBorder padding="lg">
      <form onSubmit={submit}>
        <Stack>
          <Title order={2} size="h4">
            This workspace
          </Title>
          {!admin && <Text size="sm">Admins of the workspace can change this.</Text>}
          <TextInput
            label="Name"
            required
            maxLength={150}
            disabled={!admin}
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <ZoneSelect value={zone} onChange={setZone} disabled={!admin} />
          {zone !== here.time_zone && (
            <Alert color="yellow">
              Days begin at another moment there: segments that count days are built anew, and people may join and
              leave.
            </Alert>
          )}
          <Failure error={update.error} />
          {admin && (
            <Group>
              <Button type="submit" disabled={!changed} loading={update.isPending}>
                Save
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Card>
  );
}

/** The end of a demo. */
function Demo({ name }: { name: string }) {
  const [asking, setAsking] = useState(false);
  const remove = useRemoveWorkspace();
  const client = useQueryClient();
  const done = async () => {
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => undefined); // it may have been one's last
    location.assign('/');
  };
  return (
    <Card withBorder padding="lg">
      <Stack gap="sm">
        <Title order={2} size="h4">
          Made-up data
        </Title>
        <Text size="sm" c="dimmed">
          The people here were made up, and go on living while the server runs.
        </Text>
        <Group>
          <Button variant="default" onClick={() => setAsking(true)}>
            Delete this workspace …
          </Button>
        </Group>
      </Stack>
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Delete ${name}?`}>
        <Stack>
          <Text size="sm">
            Everything in it goes: people, segments, keys, and users who belong to no other workspace. This cannot be
            taken back.
          </Text>
          <Failure error={remove.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button
              color="red.9"
              loading={remove.isPending}
              onClick={() => remove.mutate(undefined, { onSuccess: done })}
            >
              Delete
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Card>
  );
}
