import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';

/** Asks before the builder is left with what was not saved. A reload keeps it: the draft is in the address. */
export function Leave({ unsaved }: { unsaved: () => boolean }) {
  const [here] = useState(() => location.pathname); // while the next page is on its way, one has left already
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname === here && next.pathname !== here && unsaved(),
    enableBeforeUnload: false,
    withResolver: true,
  });
  return (
    <Modal opened={status === 'blocked'} onClose={() => reset?.()} title="Leave without saving?">
      <Stack>
        <Text>The segment is not saved yet. The way back in your browser leads to this draft again.</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => reset?.()} data-autofocus>
            Stay
          </Button>
          <Button color="red" onClick={() => proceed?.()}>
            Leave
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
