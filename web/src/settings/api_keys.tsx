import { Anchor, Stack, Text } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { Keys } from '../data/keys';

/** Keys of programs that ask the API. */
export function ApiKeys() {
  const { workspace } = useParams({ from: '/w/$workspace/settings/keys' });
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={640}>
        For programs that ask or change what the console shows; see the{' '}
        <Anchor href="/api/docs" underline="always">
          API
        </Anchor>
        . Keys that send events are under{' '}
        <Anchor
          underline="always"
          renderRoot={(props) => <Link {...props} to="/w/$workspace/data/sources" params={{ workspace }} />}
        >
          Data, Sources
        </Anchor>
        .
      </Text>
      <Keys kinds={['ak']} title="API keys" />
    </Stack>
  );
}
