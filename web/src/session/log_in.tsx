import { Alert, Anchor, Button, Code, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { keepWanted, setupQuery, useLogIn } from './api';
import { Door } from './door';

/** The log-in page. #error=… is what an OpenID provider's answer failed with. */
export function LogInPage() {
  const setup = useQuery(setupQuery);
  const logIn = useLogIn();
  const { history } = useRouter();
  const { to } = useSearch({ from: '/login' });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const returned = new URLSearchParams(location.hash.slice(1)).get('error');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    logIn.mutate({ email, password }, { onSuccess: () => history.push(to ?? '/') });
  };

  if (setup.data?.users === false) {
    return (
      <Door title="Welcome to Carpel">
        <Text>
          Nobody has set up this server yet. When it started, it printed a set-up link in its terminal, or wrote it to{' '}
          <Code>set-up-link.txt</Code> in its data directory: open that link to become its first admin.
        </Text>
        <Text size="sm" c="dimmed">
          No link at hand? On the server's machine, <Code>carpel user invite you@example.com --role admin</Code> makes
          one.
        </Text>
      </Door>
    );
  }
  return (
    <Door title="Log in">
      <form onSubmit={submit}>
        <Stack>
          {(logIn.error || returned) && (
            <Alert color="red" role="alert">
              {logIn.error?.message ?? returned}
            </Alert>
          )}
          {setup.data?.openid && (
            <>
              <Button component="a" href="/api/openid/start" variant="default" onClick={() => keepWanted(to ?? '/')}>
                Log in with {setup.data.openid}
              </Button>
              <Divider label="or" />
            </>
          )}
          <TextInput
            autoFocus
            label="Email"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={(e) => setEmail(e.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(e) => setPassword(e.currentTarget.value)}
          />
          <Button type="submit" loading={logIn.isPending}>
            Log in
          </Button>
          <Text size="sm" c="dimmed">
            Forgot the password? An admin of your workspace can make a link for a new one. See the{' '}
            <Anchor href="/api/docs" underline="always">
              API
            </Anchor>{' '}
            for programs.
          </Text>
        </Stack>
      </form>
    </Door>
  );
}
