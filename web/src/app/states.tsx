import { Alert, Button, Center, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { messageOf } from './error';

/** What stands where a screen is about to be. */
export function Waiting() {
  return (
    <Stack aria-busy="true" aria-label="Loading">
      <Skeleton h={32} w="40%" />
      <Skeleton h={120} />
      <Skeleton h={240} />
    </Stack>
  );
}

/** What failed, in the server's words, and a way to try again. Nothing while there is no error. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  if (!error) return null;
  return (
    <Alert color="red" role="alert" title="This did not work">
      <Text size="sm">{messageOf(error)}</Text>
      {error instanceof ApiError && (
        <Text size="xs" c="dimmed">
          {error.code}
        </Text>
      )}
      {again && (
        <Button mt="xs" size="xs" variant="default" onClick={again}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** An empty place: one live fact, and one thing to do. */
export function Empty({
  title,
  children,
  action,
  icon,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
}) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" maw={480} ta="center">
        {icon}
        <Title order={2} size="h4">
          {title}
        </Title>
        {children && <Text c="dimmed">{children}</Text>}
        {action && <Group mt="xs">{action}</Group>}
      </Stack>
    </Center>
  );
}
