import { Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDownload, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { count } from '../app/format';
import { save } from '../app/save';
import { Failure } from '../app/states';
import { useMay } from '../session/api';
import { everythingOf, type Person } from './api';
import { Erase } from './erase';

/** What can be done with a person: keep everything as a file, and erase. */
export function PersonActions({ workspace, person }: { workspace: string; person: Person }) {
  const [erasing, { open, close }] = useDisclosure();
  const admin = useMay('admin');
  return (
    <>
      <Export person={person} />
      {admin && (
        <Button variant="default" leftSection={<IconTrash size={16} />} onClick={open}>
          Erase…
        </Button>
      )}
      <Erase workspace={workspace} person={person} opened={erasing} onClose={close} />
    </>
  );
}

/** Saves everything that is known of a person, and says how far it is. */
function Export({ person }: { person: Person }) {
  const [read, setRead] = useState<number>();
  const [error, setError] = useState<unknown>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const run = async () => {
    const controller = new AbortController();
    stop.current = controller;
    setError(undefined);
    setRead(0);
    try {
      save(await everythingOf(person, setRead, controller.signal), `${person.key}.json`);
    } catch (reason) {
      if (!controller.signal.aborted) setError(reason);
    }
    setRead(undefined);
  };
  if (read === undefined) {
    return (
      <>
        <Button variant="default" leftSection={<IconDownload size={16} />} onClick={() => void run()}>
          Export
        </Button>
        <Failure error={error} again={() => void run()} />
      </>
    );
  }
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed" role="status" className="number">
        {count(read, 'event', 'events')} read
      </Text>
      <Button variant="default" onClick={() => stop.current?.abort()}>
        Stop
      </Button>
    </Group>
  );
}
