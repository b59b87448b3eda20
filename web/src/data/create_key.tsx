import { Button, Group, Modal, Radio, Select, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Failure } from '../app/states';
import { type KeyKind, type NewKey, useCreateKey } from './api';
import { kinds } from './keys';
import { Secret } from './secret';
import type { Secrets } from './send_events';

const scopes = [
  { value: 'read', label: 'Read: asks everything, changes nothing' },
  { value: 'write', label: 'Write: segments, people and imports too' },
  { value: 'send', label: 'Send: messages too' },
  { value: 'admin', label: 'Admin: keys, users, settings and erasure too' },
];
const lifetimes = [
  { value: '', label: 'never' },
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
];

/** Makes a key, and shows its secret once. */
export function CreateKey({
  opened,
  kinds: offered,
  onClose,
  onSecret,
}: {
  opened: boolean;
  kinds: KeyKind[];
  onClose: () => void;
  onSecret?: (s: Secrets) => void;
}) {
  const [made, setMade] = useState<NewKey>();
  const close = () => {
    setMade(undefined);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={made ? `The key ${made.name}` : 'New key'}>
      {made ? (
        <Secret text={made.secret} label="Key" onClose={close} />
      ) : (
        <Form
          offered={offered}
          onMade={(k) => {
            setMade(k);
            onSecret?.({ [k.kind]: k.secret });
          }}
        />
      )}
    </Modal>
  );
}

function Form({ offered, onMade }: { offered: KeyKind[]; onMade: (k: NewKey) => void }) {
  const create = useCreateKey();
  const [kind, setKind] = useState<KeyKind>(offered[0] ?? 'sk');
  const [name, setName] = useState('');
  const [scope, setScope] = useState('read');
  const [days, setDays] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires = days && new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    create.mutate(
      { kind, name, ...(kind === 'ak' && { scopes: [scope] }), ...(expires && { expires_at: expires }) },
      { onSuccess: onMade },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Failure error={create.error} />
        <TextInput
          label="Name"
          placeholder="Where it is used"
          required
          maxLength={150}
          data-autofocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        {offered.length > 1 && (
          <Radio.Group label="Kind" value={kind} onChange={(k) => setKind(k as KeyKind)}>
            <Stack gap="xs" mt="xs">
              {offered.map((k) => (
                <Radio key={k} value={k} label={kinds[k].name} description={kinds[k].about} />
              ))}
            </Stack>
          </Radio.Group>
        )}
        {kind === 'ak' && (
          <Select label="It may" data={scopes} allowDeselect={false} value={scope} onChange={(s) => s && setScope(s)} />
        )}
        <Select
          label="It ends"
          data={lifetimes}
          allowDeselect={false}
          value={days}
          onChange={(d) => setDays(d ?? '')}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
