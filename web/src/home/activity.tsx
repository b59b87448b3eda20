import { ActionIcon, Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { Flow } from '../api/stream';
import { flowWords } from '../app/flow';
import { count, number } from '../app/format';
import { Page } from '../app/page';
import { Empty, Waiting } from '../app/states';
import { ActivityRow } from './activity_row';
import classes from './home.module.css';
import { type Item, kept } from './live';
import type { ActivitySearch } from './routes';
import { useLive } from './use_live';

const from = '/w/$workspace/activity';

/** What is coming in, as it comes. */
export function ActivityPage() {
  const { workspace } = useParams({ from });
  const filter = useSearch({ from });
  const navigate = useNavigate({ from });
  const show = (change: ActivitySearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false });
  const { live, flow, pause, resume } = useLive(200);
  const shown = live.shown.filter((entry) => fits(entry, filter));
  const filtered = Boolean(filter.name || filter.person);
  return (
    <Page
      title="Activity"
      about={`Everything that is received, the newest first. The last ${number(kept)} are kept here.`}
      actions={
        <>
          <State flow={flow} paused={live.paused} />
          {live.paused ? (
            <Button leftSection={<IconPlayerPlay size={16} />} onClick={resume}>
              {live.missed > 0 ? `Show ${number(live.missed)} new` : 'Go on'}
            </Button>
          ) : (
            <Button variant="default" leftSection={<IconPlayerPause size={16} />} onClick={pause}>
              Pause
            </Button>
          )}
        </>
      }
    >
      <Stack gap="sm">
        <Group gap="xs">
          <Part label="Name or kind" text={filter.name} onText={(name) => show({ name })} />
          <Part label="Person" text={filter.person} onText={(person) => show({ person })} />
          {filtered && (
            <Text size="sm" c="dimmed" role="status">
              {count(shown.length, 'fits', 'fit')} of {number(live.shown.length)}
            </Text>
          )}
        </Group>
        {flow === undefined && <Waiting />}
        {shown.length > 0 ? (
          <ul className={classes.stream} aria-label="What came in">
            {shown.map((entry) => (
              <ActivityRow key={entry.n} workspace={workspace} entry={entry} />
            ))}
          </ul>
        ) : (
          flow === 'live' && (
            <Empty title={filtered ? 'Nothing like that yet' : 'Waiting for the first event'}>
              {filtered
                ? `It shows up here when it comes. ${count(live.shown.length, 'other is', 'others are')} hidden.`
                : 'What your sources send shows up here within a second.'}
            </Empty>
          )
        )}
      </Stack>
    </Page>
  );
}

/** Whether an entry is one that is looked for. */
function fits(entry: Item, { name, person }: ActivitySearch) {
  const holds = (text: string, wanted = '') => text.toLowerCase().includes(wanted.toLowerCase());
  return (
    (holds(entry.name, name) || holds(entry.kind, name)) &&
    (holds(entry.email, person) || holds(entry.id, person) || holds(entry.person, person))
  );
}

function State({ flow, paused }: { flow?: Flow; paused: boolean }) {
  if (flow === 'broken' || flow === 'refused') {
    return (
      <Badge color="red" variant="light" tt="none" role="status">
        {flowWords[flow]}
      </Badge>
    );
  }
  if (paused) {
    return (
      <Badge color="gray" variant="light" tt="none" role="status">
        Paused
      </Badge>
    );
  }
  return (
    <Badge color="teal" variant="light" tt="none" role="status">
      Live
    </Badge>
  );
}

function Part({ label, text, onText }: { label: string; text?: string; onText: (text?: string) => void }) {
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      w={{ base: '100%', xs: 240 }}
      value={text ?? ''}
      onChange={(event) => onText(event.currentTarget.value || undefined)}
      rightSection={
        text && (
          <ActionIcon size="sm" aria-label={`Clear: ${label}`} onClick={() => onText(undefined)}>
            <IconX size={14} />
          </ActionIcon>
        )
      }
    />
  );
}
