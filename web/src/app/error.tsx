import { Button, Code, Container, Group, Stack, Text, Title } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ApiError } from '../api/client';

/** What to tell of anything that was thrown. */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What a screen shows when it cannot be shown. */
export function ErrorPage({ error, reset }: ErrorComponentProps<unknown>) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <Container size="sm" py="xl" role="alert">
      <Stack>
        <Title order={1} size="h2">
          {problem?.code === 'not_found' ? 'This is not here' : 'This did not work'}
        </Title>
        <Text>{messageOf(error)}</Text>
        {problem && (
          <Text size="sm" c="dimmed">
            <Code>{problem.code}</Code> {problem.status > 0 && `status ${problem.status}`}
          </Text>
        )}
        <Group>
          <Button onClick={reset}>Try again</Button>
          <Button component="a" href="/" variant="default">
            Go home
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}

export function NotFoundPage() {
  return (
    <Container size="sm" py="xl">
      <Stack>
        <Title order={1} size="h2">
          There is no such page
        </Title>
        <Text>The address may be mistyped, or the page is gone.</Text>
        <Group>
          <Button component="a" href="/">
            Go home
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
