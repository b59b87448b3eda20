import { Alert, Button, Group, Modal, PasswordInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { CodeBlock } from '../data/code';
import { type Channel, useSaveChannel } from './channels_api';
import { type ProviderField, providers } from './providers';

/** Sets a channel up, or changes it. Secrets are written only: what is left empty stays as it is. */
export function ChannelForm({
  workspace,
  provider,
  channel,
  close,
}: {
  workspace: string;
  provider: string;
  channel?: Channel;
  close: () => void;
}) {
  const kind = providers[provider];
  const save = useSaveChannel(workspace);
  const [name, setName] = useState(channel?.name ?? kind?.name ?? provider);
  const [on, setOn] = useState(channel?.on ?? true);
  const [values, setValues] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      (kind?.fields ?? []).filter((f) => !f.secret).map((f) => [f.key, String(channel?.settings[f.key] ?? '')]),
    ),
  );
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const settings = { ...channel?.settings };
    for (const { key, secret, number } of kind?.fields ?? []) {
      if (secret) continue;
      const value = values[key]?.trim() ?? '';
      if (value === '') delete settings[key];
      else settings[key] = number && /^\d+$/.test(value) ? Number(value) : value;
    }
    const given = Object.fromEntries(Object.entries(secrets).filter(([, secret]) => secret !== ''));
    save.mutate(
      { id: channel?.id, provider, body: { name, on, settings, secrets: given } },
      {
        onSuccess: (saved) => {
          if (saved.secret) return; // it is shown before the dialog closes
          void notify(`${saved.name} is saved.`);
          close();
        },
      },
    );
  };
  const fault = (field: ProviderField) => {
    const at = `/${field.secret ? 'secrets' : 'settings'}/${field.key}`;
    return save.error instanceof ApiError && save.error.problem.pointer === at ? save.error.message : undefined;
  };
  const told = kind?.fields.some(fault);
  if (save.data?.secret) {
    return (
      <Modal opened onClose={close} title={`${save.data.name} is saved`} size="lg">
        <Stack>
          <Text size="sm">Receivers verify the calls by this secret. Keep it: it is shown only now.</Text>
          <CodeBlock text={save.data.secret} label="Secret" />
          <Group justify="flex-end">
            <Button onClick={close}>Done</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={close} title={channel ? `Change ${channel.name}` : (kind?.name ?? provider)} size="lg">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            {kind?.about}
          </Text>
          {channel?.fault && <Alert color="red">{channel.fault}</Alert>}
          {!told && <Failure error={save.error} />}
          <TextInput
            label="Name"
            required
            maxLength={150}
            data-autofocus
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          {kind?.fields.map((field) => (
            <Input
              key={field.key}
              field={field}
              kept={channel?.has.includes(field.key)}
              error={fault(field)}
              value={(field.secret ? secrets[field.key] : values[field.key]) ?? ''}
              onChange={(value) =>
                field.secret
                  ? setSecrets({ ...secrets, [field.key]: value })
                  : setValues({ ...values, [field.key]: value })
              }
            />
          ))}
          <Switch
            label="Messages go through it"
            description="Off, they go to the sandbox, which sends nothing."
            checked={on}
            onChange={(e) => setOn(e.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Input({
  field: { label, about, placeholder, required, secret, choices },
  kept = false,
  error,
  value,
  onChange,
}: {
  field: ProviderField;
  kept?: boolean;
  error?: string;
  value: string;
  onChange: (value: string) => void;
}) {
  if (choices) {
    return (
      <Select
        label={label}
        allowDeselect={false}
        data={[...choices]}
        value={value || choices[0]?.value}
        error={error}
        onChange={(to) => onChange(to ?? '')}
      />
    );
  }
  if (secret) {
    return (
      <PasswordInput
        label={label}
        autoComplete="off"
        placeholder={kept ? 'Kept; type another to replace it' : undefined}
        description="Kept sealed, and never shown again."
        value={value}
        error={error}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      label={label}
      description={about}
      placeholder={placeholder}
      required={required}
      value={value}
      error={error}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}
