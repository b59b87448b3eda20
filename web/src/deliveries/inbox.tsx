import {
  Button,
  Group,
  NavLink,
  Paper,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { relative } from '../app/format';
import { MailFrame } from '../app/mail_frame';
import { Empty, Failure, Waiting } from '../app/states';
import { CodeBlock } from '../data/code';
import { useMay } from '../session/api';
import { caughtQuery, inboxQuery, useEmptyInbox } from './api';

/** What the sandbox caught, as inboxes would show it. */
export function Inbox() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const search = useSearch({ from: '/w/$workspace/deliveries/inbox' });
  const navigate = useNavigate({ from: '/w/$workspace/deliveries/inbox' });
  const inbox = useQuery(inboxQuery(workspace, search.search));
  const empty = useEmptyInbox(workspace);
  const may = useMay('write');
  const all = inbox.data ?? [];
  const open = search.message ?? all[0]?.seq;
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-end">
        <TextInput
          label="Search"
          placeholder="Recipient or subject"
          w={260}
          defaultValue={search.search ?? ''}
          onChange={(event) => {
            const text = event.currentTarget.value || undefined;
            navigate({ search: { search: text }, replace: true });
          }}
        />
        {may && all.length > 0 && (
          <Button
            variant="default"
            loading={empty.isPending}
            onClick={() => window.confirm('Delete everything in the inbox?') && empty.mutate()}
          >
            Empty it
          </Button>
        )}
      </Group>
      <Failure error={inbox.error} again={() => inbox.refetch()} />
      {inbox.isPending && <Skeleton h={240} />}
      {inbox.data && all.length === 0 && (
        <Empty title="Nothing is here">
          Until a channel is set up, every message lands here and reaches nobody. It is kept for a week.
        </Empty>
      )}
      {all.length > 0 && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <Paper withBorder component="nav" aria-label="Messages" mah="75vh" style={{ overflowY: 'auto' }}>
            {all.map((m) => (
              <NavLink
                key={m.seq}
                component="button"
                active={m.seq === open}
                label={m.subject || 'No subject'}
                description={`${m.recipient} · ${relative(m.at ?? '')}`}
                onClick={() => navigate({ search: (old) => ({ ...old, message: m.seq }), replace: true })}
              />
            ))}
          </Paper>
          {open !== undefined && <Message key={open} seq={open} />}
        </SimpleGrid>
      )}
    </Stack>
  );
}

function Message({ seq }: { seq: number }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const message = useQuery(caughtQuery(workspace, seq));
  const [part, setPart] = useState('html');
  if (!message.data) return message.error ? <Failure error={message.error} /> : <Waiting />;
  const m = message.data;
  const parts = [
    ...(m.html ? [{ value: 'html', label: 'Page' }] : []),
    ...(m.text ? [{ value: 'text', label: 'Plain text' }] : []),
    ...(m.headers?.length ? [{ value: 'headers', label: 'Headers' }] : []),
    ...(m.links?.length ? [{ value: 'links', label: 'Links' }] : []),
    { value: 'source', label: 'Source' },
  ];
  const shown = parts.some((p) => p.value === part) ? part : (parts[0]?.value ?? 'source');
  return (
    <Stack gap="xs" component="section" aria-label="Message" miw={0}>
      <Text fw={600}>{m.subject || 'No subject'}</Text>
      <Text size="sm" c="dimmed">
        To {m.recipient}
      </Text>
      <SegmentedControl size="xs" w="fit-content" aria-label="Part" value={shown} onChange={setPart} data={parts} />
      {shown === 'html' && (
        <Paper withBorder>
          <MailFrame html={m.html ?? ''} title="The message" />
        </Paper>
      )}
      {shown === 'text' && <CodeBlock text={m.text ?? ''} label="Plain text" />}
      {shown === 'headers' && (
        <CodeBlock text={(m.headers ?? []).map((h) => `${h.name}: ${h.value}`).join('\n')} label="Headers" />
      )}
      {shown === 'links' && <CodeBlock text={(m.links ?? []).join('\n')} label="Links" />}
      {shown === 'source' && <CodeBlock text={m.source} label="Source" />}
    </Stack>
  );
}
