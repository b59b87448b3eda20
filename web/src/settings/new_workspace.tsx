import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Failure } from '../app/states';
import { useCreateWorkspace } from '../start/api';
import { ZoneSelect, zoneHere } from './zone';

/** Makes a workspace and goes there. */
export function NewWorkspace({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateWorkspace();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [zone, setZone] = useState(zoneHere);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(
      { name, time_zone: zone },
      {
        onSuccess: ({ workspace }) => {
          onClose();
          void navigate({ to: '/w/$workspace', params: { workspace: workspace.id } });
        },
      },
    );
  };
  return (
    <Modal opened={opened} onClose={onClose} title="New workspace">
      <form onSubmit={submit}>
        <Stack>
          <Failure error={create.error} />
          <TextInput
            label="Name"
            required
            data-autofocus
            maxLength={150}
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <ZoneSelect value={zone} onChange={setZone} />
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
