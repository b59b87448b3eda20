import { Text } from '@mantine/core';
import {
  IconBolt,
  IconDeviceMobile,
  IconFileText,
  IconLink,
  IconMail,
  IconPointFilled,
  IconTrash,
  IconUser,
  IconUsers,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { visible } from '../app/reading';

/** Kinds of what comes in, in words and signs. */
const kinds: Record<string, { icon: typeof IconBolt; says: string }> = {
  event: { icon: IconBolt, says: 'did' },
  page: { icon: IconFileText, says: 'viewed' },
  screen: { icon: IconDeviceMobile, says: 'saw screen' },
  message: { icon: IconMail, says: 'message' },
  identify: { icon: IconUser, says: 'was identified' },
  device: { icon: IconDeviceMobile, says: 'has a device' },
  device_delete: { icon: IconDeviceMobile, says: 'lost a device' },
  alias: { icon: IconLink, says: 'got another id' },
  merge: { icon: IconLink, says: 'was merged' },
  erase: { icon: IconTrash, says: 'was erased' },
  suppress: { icon: IconTrash, says: 'was suppressed' },
  unsuppress: { icon: IconUser, says: 'was unsuppressed' },
  member: { icon: IconUsers, says: 'was put into or taken out of a segment' },
};

export const kindNames: readonly { value: string; label: string }[] = [
  { value: 'event', label: 'Events' },
  { value: 'page', label: 'Pages' },
  { value: 'screen', label: 'Screens' },
  { value: 'message', label: 'Messages' },
];

export function KindIcon({ kind }: { kind: string }) {
  const Icon = kinds[kind]?.icon ?? IconPointFilled;
  return <Icon size={16} stroke={1.6} aria-hidden />;
}

/** What happened, in words: an event by its name, a page by its name or address, a message by channel and action. */
export function Happened({
  kind,
  name,
  properties,
}: {
  kind: string;
  name: string;
  properties?: Record<string, unknown>;
}): ReactNode {
  const text = (key: string) => (typeof properties?.[key] === 'string' ? (properties[key] as string) : '');
  if (kind === 'event') return <Name text={name} />;
  if (kind === 'message') {
    const campaign = text('$campaign');
    return (
      <>
        <Name text={capital([text('$channel') || 'message', text('$action') || name].join(' '))} />
        {campaign && <Aside text={campaign} />}
      </>
    );
  }
  const says = capital(kinds[kind]?.says ?? kind);
  const what = name || text('$url');
  return (
    <>
      <Text span inherit c="dimmed">
        {says}
      </Text>{' '}
      <Name text={what || (kind === 'page' ? 'a page' : '')} />
      {name && text('$url') && <Aside text={text('$url')} />}
    </>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const Name = ({ text }: { text: string }) => <bdi title={text}>{visible(text)}</bdi>;
const Aside = ({ text }: { text: string }) => (
  <Text span inherit c="dimmed">
    {' '}
    <bdi title={text}>{visible(text)}</bdi>
  </Text>
);
