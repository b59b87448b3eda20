import { ActionIcon, Alert, Badge, Button, Card, Group, Menu, Modal, Stack, Switch, Text, Title } from '@mantine/core';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Empty, Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { ChannelForm } from './channel_form';
import { type Channel, channelsQuery, useCheckChannel, useDeleteChannel, useSwitchChannel } from './channels_api';
import { providers } from './providers';
import { SendingForm } from './sending';

/** The ways out of messages, and how they go out: sender, topics, caps, quiet hours. */
export function Channels() {
  const { workspace } = useParams({ from: '/w/$workspace/settings/channels' });
  const channels = useQuery(channelsQuery(workspace));
  const admin = useMay('admin');
  const [form, setForm] = useState<{ provider: string; channel?: Channel }>();
  const add = admin && (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" leftSection={<IconPlus size={16} />}>
          Add a channel
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(providers).map(([provider, { name }]) => (
          <Menu.Item key={provider} onClick={() => setForm({ provider })}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
  return (
    <Stack gap="xl" maw={720}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            Channels
          </Title>
          {channels.data && channels.data.length > 0 && add}
        </Group>
        <Failure error={channels.error} again={() => channels.refetch()} />
        {channels.isPending && <Waiting />}
        {channels.data?.length === 0 && (
          <Empty title="Everything goes to the sandbox" action={add || undefined}>
            It shows every message as it would arrive, and sends nothing. Add a channel when you want to reach people.
          </Empty>
        )}
        {channels.data?.map((channel) => (
          <Row
            key={channel.id}
            workspace={workspace}
            channel={channel}
            admin={admin}
            edit={() => setForm({ provider: channel.provider, channel })}
          />
        ))}
      </Stack>
      <SendingForm workspace={workspace} admin={admin} />
      {form && <ChannelForm workspace={workspace} {...form} close={() => setForm(undefined)} />}
    </Stack>
  );
}

function Row({
  workspace,
  channel,
  admin,
  edit,
}: {
  workspace: string;
  channel: Channel;
  admin: boolean;
  edit: () => void;
}) {
  const turn = useSwitchChannel(workspace);
  const check = useCheckChannel();
  const [removing, setRemoving] = useState(false);
  const { id, name, on, provider, settings, fault } = channel;
  return (
    <Card withBorder padding="md" component="section" aria-label={name}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Stack gap={2} miw={0}>
          <Group gap="xs">
            <Text fw={600}>{name}</Text>
            {!on && (
              <Badge color="gray" variant="light" tt="none">
                Off
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed" truncate>
            {[providers[provider]?.name ?? provider, settings.host ?? settings.url, settings.from]
              .filter(Boolean)
              .join(' · ')}
          </Text>
        </Stack>
        {admin && (
          <Group gap="xs" wrap="nowrap">
            <Switch
              aria-label={`Messages go through ${name}`}
              checked={on}
              disabled={turn.isPending}
              onChange={(e) => turn.mutate({ id, on: e.currentTarget.checked })}
            />
            <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate(id)}>
              Check
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon aria-label={`Actions for ${name}`}>
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={edit}>Change…</Menu.Item>
                <Menu.Item onClick={() => setRemoving(true)}>Delete…</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        )}
      </Group>
      {fault && (
        <Alert color="red" mt="sm">
          {fault}
        </Alert>
      )}
      <Failure error={turn.error ?? check.error} />
      {check.data && (
        <Alert color={check.data.ok ? 'teal' : 'red'} mt="sm" role="status">
          {check.data.ok ? 'It answers, and lets us in.' : check.data.detail}
        </Alert>
      )}
      {removing && <Remove workspace={workspace} channel={channel} close={() => setRemoving(false)} />}
    </Card>
  );
}

function Remove({ workspace, channel, close }: { workspace: string; channel: Channel; close: () => void }) {
  const remove = useDeleteChannel(workspace);
  return (
    <Modal opened onClose={close} title={`Delete ${channel.name}?`}>
      <Stack>
        <Text size="sm">Its settings and secrets are gone for good. Messages of its kind then go to the sandbox.</Text>
        <Failure error={remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Keep it
          </Button>
          <Button
            color="red.9"
            loading={remove.isPending}
            onClick={() => remove.mutate(channel.id, { onSuccess: close })}
          >
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
