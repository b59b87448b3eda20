import {
  ActionIcon,
  Button,
  Card,
  Checkbox,
  Group,
  NumberInput,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client';
import { notify } from '../app/notify';
import { Failure, Waiting } from '../app/states';
import { type Sending, sendingQuery, useSetSending } from './channels_api';

type Topic = NonNullable<Sending['topics']>[number];
type Cap = NonNullable<Sending['caps']>[number];

/** How messages go out: whose they are, what they may be about, how many and when. */
export function SendingForm({ workspace, admin }: { workspace: string; admin: boolean }) {
  const sending = useQuery(sendingQuery(workspace));
  if (sending.error) return <Failure error={sending.error} again={() => sending.refetch()} />;
  if (!sending.data) return <Waiting />;
  return <Form key={JSON.stringify(sending.data)} workspace={workspace} admin={admin} saved={sending.data} />;
}

const kinds = [
  { value: '', label: 'Messages of any kind' },
  { value: 'email', label: 'Emails' },
  { value: 'push', label: 'Push messages' },
];

function Form({ workspace, admin, saved }: { workspace: string; admin: boolean; saved: Sending }) {
  const save = useSetSending(workspace);
  const [form, setForm] = useState(saved);
  const set = (patch: Partial<Sending>) => setForm({ ...form, ...patch });
  const topics = form.topics ?? [];
  const caps = form.caps ?? [];
  const topic = (i: number, patch: Partial<Topic>) =>
    set({ topics: topics.map((t, j) => (j === i ? { ...t, ...patch } : t)) });
  const cap = (i: number, patch: Partial<Cap>) => set({ caps: caps.map((c, j) => (j === i ? { ...c, ...patch } : c)) });
  const fault = (at: string) =>
    save.error instanceof ApiError && save.error.problem.pointer === at ? save.error.message : undefined;
  const changed = JSON.stringify(form) !== JSON.stringify(saved);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(form, { onSuccess: () => void notify('Saved. It holds from the next message on.') });
  };
  return (
    <Card withBorder padding="lg">
      <form onSubmit={submit}>
        <fieldset disabled={!admin} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
          <Stack>
            <Title order={2} size="h4">
              Sending
            </Title>
            {!admin && <Text size="sm">Admins of the workspace can change this.</Text>}
            <Failure error={save.error} />
            <TextInput
              label="Sender"
              description="Of messages whose template and channel have none."
              placeholder="Your shop <hello@example.com>"
              value={form.from ?? ''}
              error={fault('/from')}
              onChange={(e) => set({ from: e.currentTarget.value || undefined })}
            />
            <Textarea
              label="Postal address"
              description="For the foot of emails, which laws of many countries ask for."
              autosize
              minRows={2}
              value={form.address ?? ''}
              error={fault('/address')}
              onChange={(e) => set({ address: e.currentTarget.value || undefined })}
            />
            <Part
              title="Topics"
              about="What people can choose to hear about, or not, on the page behind “unsubscribe”."
              add="Add a topic"
              onAdd={() => set({ topics: [...topics, { key: '', name: '' }] })}
            >
              {topics.map((t, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: they have no names of their own yet, and never move
                <Group key={i} gap="xs" align="flex-end">
                  <TextInput
                    flex="1 1 140px"
                    label="Name"
                    required
                    value={t.name}
                    error={fault(`/topics/${i}/name`)}
                    onChange={(e) =>
                      topic(i, {
                        name: e.currentTarget.value,
                        ...((t.key === '' || t.key === slug(t.name)) && { key: slug(e.currentTarget.value) }),
                      })
                    }
                  />
                  <TextInput
                    flex="1 1 120px"
                    label="Key"
                    required
                    value={t.key}
                    error={fault(`/topics/${i}/key`)}
                    onChange={(e) => topic(i, { key: e.currentTarget.value })}
                  />
                  <Checkbox
                    mb={8}
                    label="Only who asks for it"
                    checked={t.opt_in ?? false}
                    onChange={(e) => topic(i, { opt_in: e.currentTarget.checked || undefined })}
                  />
                  <Away
                    label={`Remove the topic ${t.name}`}
                    act={() => set({ topics: topics.filter((_, j) => j !== i) })}
                  />
                </Group>
              ))}
            </Part>
            <Part
              title="At most"
              about="How many messages somebody gets in a span of time. What is over is skipped, and says so."
              add="Add a limit"
              onAdd={() => set({ caps: [...caps, { count: 3, hours: 24 }] })}
            >
              {caps.map((c, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: they have no names, and never move
                <Group key={i} gap="xs" align="flex-end">
                  <NumberInput
                    w={90}
                    label="At most"
                    min={1}
                    allowDecimal={false}
                    value={c.count}
                    error={fault(`/caps/${i}/count`)}
                    onChange={(n) => cap(i, { count: Number(n) })}
                  />
                  <Select
                    flex="1 1 160px"
                    label="Of"
                    allowDeselect={false}
                    data={kinds}
                    value={c.kind ?? ''}
                    onChange={(kind) => cap(i, { kind: kind || undefined })}
                  />
                  <NumberInput
                    w={110}
                    label="In hours"
                    min={1}
                    allowDecimal={false}
                    value={c.hours}
                    error={fault(`/caps/${i}/hours`)}
                    onChange={(n) => cap(i, { hours: Number(n) })}
                  />
                  <Away label={`Remove limit ${i + 1}`} act={() => set({ caps: caps.filter((_, j) => j !== i) })} />
                </Group>
              ))}
            </Part>
            <Stack gap="xs">
              <Checkbox
                label="Quiet hours"
                description="In each person’s own time zone. What falls into them waits until they end."
                checked={form.quiet !== undefined}
                onChange={(e) => set({ quiet: e.currentTarget.checked ? { from: '21:00', to: '08:00' } : undefined })}
              />
              {form.quiet && (
                <Group gap="xs">
                  {(['from', 'to'] as const).map((end) => (
                    <TextInput
                      key={end}
                      type="time"
                      label={end === 'from' ? 'From' : 'To'}
                      required
                      value={form.quiet?.[end]}
                      error={fault(`/quiet/${end}`)}
                      onChange={(e) =>
                        set({ quiet: { from: '21:00', to: '08:00', ...form.quiet, [end]: e.currentTarget.value } })
                      }
                    />
                  ))}
                </Group>
              )}
            </Stack>
            {admin && (
              <Group>
                <Button type="submit" disabled={!changed} loading={save.isPending}>
                  Save
                </Button>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
    </Card>
  );
}

/** The key that a name suggests. */
const slug = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

function Part({
  title,
  about,
  add,
  onAdd,
  children,
}: {
  title: string;
  about: string;
  add: string;
  onAdd: () => void;
  children: React.ReactNode;
}) {
  return (
    <Stack gap="xs" role="group" aria-label={title}>
      <div>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Text size="xs" c="dimmed">
          {about}
        </Text>
      </div>
      {children}
      <Group>
        <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} />} onClick={onAdd}>
          {add}
        </Button>
      </Group>
    </Stack>
  );
}

const Away = ({ label, act }: { label: string; act: () => void }) => (
  <ActionIcon mb={4} size="lg" aria-label={label} onClick={act}>
    <IconTrash size={16} />
  </ActionIcon>
);
