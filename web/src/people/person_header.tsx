import { ActionIcon, Alert, Badge, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconBan, IconCheck, IconCopy } from '@tabler/icons-react';
import { day, relative, useZone, whole } from '../app/format';
import { visible } from '../app/reading';
import type { Person } from './api';

/** The ids that mean a person, each to be copied. */
export function About({ person }: { person: Person }) {
  const more = (person.ids ?? []).filter((id) => id !== person.id);
  return (
    <Group gap="0 16px">
      {person.email && <Id label="Email" text={person.email} />}
      {person.id && <Id label="Id" text={person.id} />}
      <Id label="Key" text={person.key} />
      {more.map((id) => (
        <Id key={id} label="Also" text={id} />
      ))}
    </Group>
  );
}

function Id({ label, text }: { label: string; text: string }) {
  return (
    <Group gap={4} wrap="nowrap" miw={0} maw="100%">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="sm" c="var(--mantine-color-text)" truncate title={text}>
        <bdi>{visible(text)}</bdi>
      </Text>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon size="sm" onClick={copy} aria-label={`Copy the ${label.toLowerCase()}`}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

/** Since when a person is known, when they were last here, and how they can be reached. */
export function Standing({ person }: { person: Person }) {
  const zone = useZone();
  return (
    <>
      <Group gap="6px 24px" component="dl" m={0}>
        <Fact label="First seen">
          {person.first_seen_at && (
            <time dateTime={person.first_seen_at} title={whole(person.first_seen_at, zone)}>
              {day(person.first_seen_at, zone)}
            </time>
          )}
        </Fact>
        <Fact label="Last seen">
          {person.last_seen_at ? (
            <time dateTime={person.last_seen_at} title={whole(person.last_seen_at, zone)}>
              {relative(person.last_seen_at)}
            </time>
          ) : (
            'never active'
          )}
        </Fact>
        <Fact label="Reachable by">
          <Channels reachable={person.reachable ?? {}} />
        </Fact>
      </Group>
      {person.suppressed && (
        <Alert color="red" icon={<IconBan />} title="Suppressed" p="sm">
          Nothing is sent to this person, and new data under their ids are refused, until they are unsuppressed.
        </Alert>
      )}
    </>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="dd" size="sm" m={0}>
        {children}
      </Text>
    </Group>
  );
}

function Channels({ reachable }: { reachable: Record<string, boolean> }) {
  const channels = Object.keys(reachable)
    .filter((channel) => reachable[channel])
    .sort();
  if (channels.length === 0) return <span>nothing</span>;
  return (
    <Group gap={4} component="span">
      {channels.map((channel) => (
        <Badge key={channel} variant="default" radius="sm" tt="none" fw={500}>
          {channel}
        </Badge>
      ))}
    </Group>
  );
}
