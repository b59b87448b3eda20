import { Button, Group, Stack, Text } from '@mantine/core';
import { moment, useZone } from '../app/format';
import type { Segment } from '../segments/api';

/** Somebody else saved the segment while it was edited here: what they made of it, and the ways out. */
export function Conflict({
  other,
  save,
  saving,
  reopen,
}: {
  other: Segment;
  save: () => void;
  saving: boolean;
  reopen: () => void;
}) {
  const zone = useZone();
  return (
    <Stack role="alert">
      <Text>
        “{other.name}” was saved by somebody else on {moment(other.updated_at, zone)}. It now reads:
      </Text>
      <Text size="sm" c="dimmed">
        {other.sentence}
      </Text>
      <Text>Saving yours puts it in place of theirs. Theirs stays in the history, and can be restored.</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={reopen}>
          Give mine up, open theirs
        </Button>
        <Button onClick={save} loading={saving} data-autofocus>
          Save mine over theirs
        </Button>
      </Group>
    </Stack>
  );
}
