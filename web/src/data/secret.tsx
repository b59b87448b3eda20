import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { CodeBlock } from './code';

/** A secret that is shown this once. */
export function Secret({ text, label, onClose }: { text: string; label: string; onClose: () => void }) {
  return (
    <Stack>
      <Alert color="teal" variant="light">
        <Text size="sm">Keep it now: it is shown only this once.</Text>
      </Alert>
      <CodeBlock text={text} label={label} />
      <Group justify="flex-end">
        <Button onClick={onClose}>I have kept it</Button>
      </Group>
    </Stack>
  );
}
