import { Alert, Button, Loader, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client';
import { linkQuery, useAcceptLink } from './api';
import { Door } from './door';

const titles = { setup: 'Set up Carpel', invitation: 'Join', password: 'Set a new password' };

/** Where a link leads: set-up, invitation or a new password. The token stands behind the #, so it is in no log. */
export function JoinPage() {
  const [token] = useState(() => location.hash.slice(1));
  const link = useQuery(linkQuery(token));
  if (link.isPending) {
    return (
      <Door title="One moment">
        <Loader aria-label="reading the link" />
      </Door>
    );
  }
  if (link.error) {
    return (
      <Door title="This link does not open">
        <Text>{link.error.message}</Text>
        <Button component="a" href="/login" variant="default">
          Go to log in
        </Button>
      </Door>
    );
  }
  return <Join token={token} link={link.data} />;
}

function Join({ token, link }: { token: string; link: NonNullable<ReturnType<typeof useLinkData>> }) {
  const accept = useAcceptLink();
  const navigate = useNavigate();
  const [form, setForm] = useState({ email: link.email, name: '', password: '' });
  const kind = link.kind as keyof typeof titles;
  const fresh = !link.known;
  const set = (name: keyof typeof form) => (event: { currentTarget: { value: string } }) =>
    setForm({ ...form, [name]: event.currentTarget.value });
  const fault = (name: string) =>
    accept.error instanceof ApiError && accept.error.problem.pointer === `/${name}` ? accept.error.message : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accept.mutate(
      {
        token,
        password: form.password,
        ...(fresh && { name: form.name }),
        ...(kind === 'setup' && { email: form.email }),
      },
      {
        onSuccess: ({ workspace }) =>
          kind === 'setup'
            ? navigate({ to: '/w/$workspace/welcome', params: { workspace: workspace.id } })
            : navigate({ to: '/' }),
      },
    );
  };
  return (
    <Door title={kind === 'invitation' ? `Join ${link.workspace_name}` : titles[kind]}>
      <form onSubmit={submit}>
        <Stack>
          {kind === 'setup' && <Text>You become the first admin of this server. Others you invite later.</Text>}
          {accept.error && !(accept.error instanceof ApiError && accept.error.problem.pointer) && (
            <Alert color="red" role="alert">
              {accept.error.message}
            </Alert>
          )}
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            required
            readOnly={kind !== 'setup'}
            value={form.email}
            onChange={set('email')}
            error={fault('email')}
          />
          {fresh && (
            <TextInput
              label="Your name"
              autoComplete="name"
              value={form.name}
              onChange={set('name')}
              error={fault('name')}
            />
          )}
          <PasswordInput
            label={fresh || kind === 'password' ? 'New password' : 'Your password'}
            description={
              fresh || kind === 'password'
                ? 'At least 10 characters; a few random words are good.'
                : 'You have an account on this server: log in to join.'
            }
            autoComplete={fresh || kind === 'password' ? 'new-password' : 'current-password'}
            required
            value={form.password}
            onChange={set('password')}
            error={fault('password')}
          />
          <Button type="submit" loading={accept.isPending}>
            {kind === 'password' ? 'Set password' : kind === 'setup' ? 'Create admin' : 'Join'}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}

const useLinkData = (token: string) => useQuery(linkQuery(token)).data;
