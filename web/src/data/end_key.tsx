import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { type Key, useRevokeKey, useRotateKey } from './api';
import { Secret } from './secret';
import type { Secrets } from './send_events';

/** Ends a key: at once, or by another that takes its place while the old one goes on for a time. */
export function EndKey({
  of: key,
  what,
  onClose,
  onSecret,
}: {
  of: Key;
  what: 'rotate' | 'revoke';
  onClose: () => void;
  onSecret?: (s: Secrets) => void;
}) {
  const [secret, setSecret] = useState<string>();
  const titles = { rotate: `Replace ${key.name}`, revoke: `Revoke ${key.name}?` };
  return (
    <Modal opened onClose={onClose} title={titles[what]}>
      {secret ? (
        <Secret text={secret} label="New key" onClose={onClose} />
      ) : what === 'revoke' ? (
        <Revoke of={key} onClose={onClose} />
      ) : (
        <Rotate
          of={key}
          onMade={(s) => {
            setSecret(s);
            onSecret?.({ [key.kind]: s });
          }}
        />
      )}
    </Modal>
  );
}

function Revoke({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const revoke = useRevokeKey();
  const done = () => {
    void notify(`${key.name} is revoked.`);
    onClose();
  };
  return (
    <Stack>
      <Text size="sm">Whatever uses it is refused from now on. This cannot be taken back.</Text>
      <Failure error={revoke.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Keep it
        </Button>
        <Button color="red.9" loading={revoke.isPending} onClick={() => revoke.mutate(key.id, { onSuccess: done })}>
          Revoke
        </Button>
      </Group>
    </Stack>
  );
}

const graces = [
  { value: '0s', label: 'not at all' },
  { value: '1h', label: 'for an hour' },
  { value: '24h', label: 'for a day' },
  { value: '7d', label: 'for a week' },
];

function Rotate({ of: key, onMade }: { of: Key; onMade: (secret: string) => void }) {
  const rotate = useRotateKey();
  const [grace, setGrace] = useState('24h');
  return (
    <Stack>
      <Text size="sm">A new key takes its place and may do the same.</Text>
      <Select
        label="The old one goes on"
        data={graces}
        allowDeselect={false}
        value={grace}
        onChange={(g) => g && setGrace(g)}
      />
      <Failure error={rotate.error} />
      <Group justify="flex-end">
        <Button
          loading={rotate.isPending}
          onClick={() => rotate.mutate({ id: key.id, grace }, { onSuccess: (made) => onMade(made.secret) })}
        >
          Make the new key
        </Button>
      </Group>
    </Stack>
  );
}
