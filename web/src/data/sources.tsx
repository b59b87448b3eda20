import { Card, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Keys } from './keys';
import { type Secrets, SendEvents } from './send_events';

/** Where data come from: the snippets to send them with, and the keys that may. */
export function Sources() {
  const [secrets, setSecrets] = useState<Secrets>({});
  const add = (more: Secrets) => setSecrets({ ...secrets, ...more });
  return (
    <Stack gap="lg">
      <Card withBorder padding="lg">
        <Stack gap="sm">
          <Title order={2} size="h4">
            Send events
          </Title>
          <Text c="dimmed" size="sm">
            Libraries for Segment and Customer.io work as they are, with this server's address and a key of yours.
          </Text>
          <SendEvents secrets={secrets} onSecret={add} />
        </Stack>
      </Card>
      <Keys kinds={['sk', 'pk']} title="Keys for sending" onSecret={add} />
    </Stack>
  );
}
