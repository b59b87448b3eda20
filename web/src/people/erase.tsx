import { Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type SyntheticEvent, useState } from 'react';
import { notify } from '../app/notify';
import { visible } from '../app/reading';
import { Failure } from '../app/states';
import { type Person, useErase } from './api';
import { nameOf } from './name';

interface Props {
  workspace: string;
  person: Person;
  opened: boolean;
  onClose: () => void;
}

/** Asks, by typing what the person is known as, whether they are to be erased; says what that does. */
export function Erase({ workspace, person, opened, onClose }: Props) {
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const erase = useErase(workspace);
  const asked = person.id || person.email || person.key;
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    await erase.mutateAsync(person.key);
    await navigate({ to: '/w/$workspace/people', params: { workspace } });
    void notify(`${visible(nameOf(person))} is erased.`);
  };
  return (
    <Modal opened={opened} onClose={onClose} title={<Title name={nameOf(person)} />} size="md">
      <form onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <Stack>
          <List size="sm" spacing={6}>
            <List.Item>
              Attributes, events, pages, messages, devices and memberships go at once, from every answer and count.
            </List.Item>
            <List.Item>
              The bytes are gone from this server's disk within 7 days. Backups you keep elsewhere are yours to delete.
            </List.Item>
            <List.Item>The audit log notes that it was done and by whom, under the key alone.</List.Item>
            <List.Item>
              It cannot be undone. Data that come later under the same id make a new person; to refuse them as well,
              suppress the id first.
            </List.Item>
          </List>
          <Text size="sm">
            To confirm, type{' '}
            <Text span fw={600} inherit>
              <bdi>{visible(asked)}</bdi>
            </Text>
          </Text>
          <TextInput
            aria-label="Type it to confirm"
            data-autofocus
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Failure error={erase.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Keep
            </Button>
            <Button type="submit" color="red.8" disabled={typed !== asked} loading={erase.isPending}>
              Erase for ever
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const Title = ({ name }: { name: string }) => (
  <Text span fw={600}>
    Erase <bdi>{visible(name)}</bdi>?
  </Text>
);
