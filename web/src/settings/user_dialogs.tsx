import { Button, Group, Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { Secret } from '../data/secret';
import type { Role } from '../session/api';
import { type NewLink, type User, useInvite, useNewPassword, useRemoveUser, useSetRole } from './api';
import { roles } from './roles';

/** What is asked about a user in a dialog. */
export type Asked =
  | { what: 'invite' }
  | { what: 'password' | 'remove'; user: User }
  | { what: 'own role'; user: User; role: Role };

/** The dialogs of the users: an invitation, a link for a new password, a last question before somebody is taken out. */
export function UserDialogs({ asked, onAsk }: { asked: Asked | undefined; onAsk: (a: Asked | undefined) => void }) {
  const [link, setLink] = useState<NewLink>();
  const close = () => {
    setLink(undefined);
    onAsk(undefined);
  };
  const titles = {
    invite: 'Invite somebody',
    password: 'Link for a new password',
    remove: 'Take out of the workspace?',
    'own role': 'Change your own role?',
  };
  return (
    <Modal opened={asked !== undefined} onClose={close} title={asked && titles[asked.what]}>
      {link ? (
        <Stack>
          <Text size="sm">
            Hand this link to {link.email}. It is good once
            {link.kind === 'password' ? ', for a day.' : ', for seven days.'}
          </Text>
          <Secret text={location.origin + link.path} label="Link" onClose={close} />
        </Stack>
      ) : asked?.what === 'invite' ? (
        <Invite onLink={setLink} />
      ) : asked?.what === 'password' ? (
        <NewPassword of={asked.user} onLink={setLink} />
      ) : asked?.what === 'remove' ? (
        <Remove of={asked.user} onClose={close} />
      ) : asked?.what === 'own role' ? (
        <OwnRole of={asked.user} role={asked.role} onClose={close} />
      ) : null}
    </Modal>
  );
}

function Invite({ onLink }: { onLink: (l: NewLink) => void }) {
  const invite = useInvite();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('editor');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ email, role }, { onSuccess: onLink });
  };
  const fault = invite.error instanceof ApiError && invite.error.problem.pointer === '/email' && invite.error.message;
  return (
    <form onSubmit={submit}>
      <Stack>
        {!fault && <Failure error={invite.error} />}
        <TextInput
          label="Email"
          type="email"
          required
          data-autofocus
          value={email}
          onChange={(e) => setEmail(e.currentTarget.value)}
          error={fault}
        />
        <Radio.Group label="Role" value={role} onChange={(r) => setRole(r as Role)}>
          <Stack gap="xs" mt="xs">
            {roles.map((r) => (
              <Radio key={r.value} value={r.value} label={r.label} description={`${r.label} ${r.about}`} />
            ))}
          </Stack>
        </Radio.Group>
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            Make the link
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function NewPassword({ of: u, onLink }: { of: User; onLink: (l: NewLink) => void }) {
  const make = useNewPassword();
  return (
    <Stack>
      <Text size="sm">
        {u.name} sets a new password by it. Whoever has the link can log in as {u.email}: hand it over with care.
      </Text>
      <Failure error={make.error} />
      <Group justify="flex-end">
        <Button loading={make.isPending} onClick={() => make.mutate(u.id, { onSuccess: onLink })}>
          Make the link
        </Button>
      </Group>
    </Stack>
  );
}

function Remove({ of: u, onClose }: { of: User; onClose: () => void }) {
  const remove = useRemoveUser();
  const done = () => {
    void notify(`${u.name} is out.`);
    onClose();
  };
  return (
    <Stack>
      <Text size="sm">
        {u.name} ({u.email}) is logged out at once. What they made stays.
      </Text>
      <Failure error={remove.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Keep
        </Button>
        <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate(u.id, { onSuccess: done })}>
          Take out
        </Button>
      </Group>
    </Stack>
  );
}

function OwnRole({ of: u, role, onClose }: { of: User; role: Role; onClose: () => void }) {
  const set = useSetRole();
  return (
    <Stack>
      <Text size="sm">
        You become {roles.find((r) => r.value === role)?.label.toLowerCase()}, and are logged out. Only another admin
        can give you this role back.
      </Text>
      <Failure error={set.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Stay admin
        </Button>
        <Button
          color="red.9"
          loading={set.isPending}
          onClick={() => set.mutate({ id: u.id, role }, { onSuccess: () => location.assign('/login') })}
        >
          Change my role
        </Button>
      </Group>
    </Stack>
  );
}
