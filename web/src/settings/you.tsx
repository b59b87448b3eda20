import { Button, Card, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { sessionQuery, useChangePassword, useLogOut } from '../session/api';
import { roles } from './roles';

/** Who one is, and one's password. */
export function You() {
  const { workspace } = useParams({ from: '/w/$workspace/settings/you' });
  const session = useQuery(sessionQuery).data;
  const logOut = useLogOut();
  const role = session?.workspaces?.find((m) => m.workspace.id === workspace)?.role;
  return (
    <Stack gap="lg" maw={560}>
      <Card withBorder padding="lg">
        <Stack gap="xs">
          <Title order={2} size="h4">
            {session?.user?.name}
          </Title>
          {!session?.guest && <Text size="sm">{session?.user?.email}</Text>}
          <Text size="sm" c="dimmed">
            {roles.find((r) => r.value === role)?.label} here: {roles.find((r) => r.value === role)?.about}
          </Text>
          <Group>
            <Button variant="default" size="xs" onClick={() => logOut.mutate()}>
              Log out
            </Button>
          </Group>
        </Stack>
      </Card>
      {!session?.guest && <Password />}
    </Stack>
  );
}

function Password() {
  const change = useChangePassword();
  const [form, setForm] = useState({ old: '', password: '' });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { password: form.password, ...(form.old && { old: form.old }) },
      {
        onSuccess: () => {
          setForm({ old: '', password: '' });
          void notify('Your password is changed; other browsers are logged out.');
        },
      },
    );
  };
  const fault = (name: string) =>
    change.error instanceof ApiError && change.error.problem.pointer === `/${name}` ? change.error.message : undefined;
  const told = fault('old') ?? fault('password');
  return (
    <Card withBorder padding="lg">
      <form onSubmit={submit}>
        <Stack>
          <Title order={2} size="h4">
            Change the password
          </Title>
          {!told && <Failure error={change.error} />}
          <PasswordInput
            label="Password now"
            autoComplete="current-password"
            value={form.old}
            onChange={(e) => setForm({ ...form, old: e.currentTarget.value })}
            error={fault('old')}
          />
          <PasswordInput
            label="New password"
            description="At least 10 characters; a few random words are good."
            autoComplete="new-password"
            required
            value={form.password}
            onChange={(e) => setForm({ ...form, password: e.currentTarget.value })}
            error={fault('password')}
          />
          <Group>
            <Button type="submit" loading={change.isPending}>
              Change it
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
