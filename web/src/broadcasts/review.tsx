import { Alert, Button, Group, Modal, NumberInput, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { number } from '../app/format';
import { MailFrame } from '../app/mail_frame';
import { Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { type Broadcast, type Review as Reviewed, reviewQuery, useMove } from './api';
import { reasonName } from './reasons';

/** Who would get it, who would not and why, how it looks to some of them, and what to look at before. */
export function Review({ broadcast }: { broadcast: Broadcast }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const ready = broadcast.spec.audience !== undefined && (broadcast.spec.variants?.length ?? 0) > 0;
  const review = useQuery({ ...reviewQuery(workspace, broadcast.id, broadcast.updated_at), enabled: ready });
  const may = useMay('send');
  const [sending, setSending] = useState(false);
  if (!ready) {
    return (
      <Text size="sm" c="dimmed">
        Choose whom it goes to and what it says; here you then see who would get it.
      </Text>
    );
  }
  if (!review.data) {
    return review.error ? <Failure error={review.error} again={() => review.refetch()} /> : <Waiting />;
  }
  const r = review.data;
  const faults = r.checks.filter((c) => c.level === 'error');
  return (
    <Stack gap="md">
      <Text>
        <Text span size="xl" fw={600} className="number">
          {number(r.reachable)}
        </Text>
        {` of ${number(r.people)} would get it`}
      </Text>
      <Counts
        title="Left out"
        rows={r.excluded.filter((e) => e.people > 0).map((e) => [reasonName(e.reason), e.people])}
      />
      {r.variants.length > 1 && <Counts title="Variants" rows={r.variants.map((v) => [v.variant, v.people])} />}
      {r.checks.map((c) => (
        <Alert key={`${c.code} ${c.pointer ?? ''} ${c.message}`} color={c.level === 'error' ? 'red' : 'orange'}>
          <Text size="sm">{c.message}</Text>
        </Alert>
      ))}
      <Samples samples={r.samples} />
      {may && (
        <Group justify="flex-end">
          <Button disabled={faults.length > 0 || r.reachable === 0} onClick={() => setSending(true)}>
            {broadcast.spec.schedule ? 'Schedule…' : 'Send…'}
          </Button>
        </Group>
      )}
      {sending && <Confirm broadcast={broadcast} review={r} close={() => setSending(false)} />}
    </Stack>
  );
}

function Counts({ title, rows }: { title: string; rows: readonly (readonly [string, number])[] }) {
  if (rows.length === 0) return null;
  return (
    <Table aria-label={title} verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{title}</Table.Th>
          <Table.Th ta="right">People</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(([name, n]) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td ta="right" className="number">
              {number(n)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** The message as some real people would get it. */
function Samples({ samples }: { samples: Reviewed['samples'] }) {
  const [at, setAt] = useState('0');
  const sample = samples[Number(at)] ?? samples[0];
  if (!sample) return null;
  const name = (s: typeof sample) => s.person.email || s.person.id || s.person.key;
  const { message } = sample;
  return (
    <Stack gap="xs">
      {samples.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label="As whom"
          value={at}
          onChange={setAt}
          data={samples.map((s, i) => ({ value: String(i), label: name(s) }))}
        />
      )}
      {sample.error && (
        <Alert color="orange">
          <Text size="sm">{sample.error}</Text>
        </Alert>
      )}
      {message && message.missing.length > 0 && (
        <Alert color="orange" title={`${name(sample)} would be skipped`}>
          <Text size="sm">There is no value for {message.missing.join(', ')}.</Text>
        </Alert>
      )}
      {message?.kind === 'email' && (
        <>
          <Text fw={600}>{message.subject}</Text>
          <MailFrame html={message.html ?? ''} title={`The email as ${name(sample)} gets it`} />
        </>
      )}
      {message?.push && (
        <Text size="sm">
          <b>{message.push.title}</b> {message.push.body}
        </Text>
      )}
      {message?.webhook && (
        <Text size="sm">
          {message.webhook.method} {message.webhook.url}
        </Text>
      )}
    </Stack>
  );
}

/** Asks once more, with the number of people when there are many: what goes out cannot be taken back. */
function Confirm({ broadcast, review, close }: { broadcast: Broadcast; review: Reviewed; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const move = useMove(workspace);
  const [typed, setTyped] = useState<number | string>('');
  const scheduled = broadcast.spec.schedule !== undefined;
  const sure = !review.confirm || Number(typed) === review.reachable;
  return (
    <Modal opened onClose={close} title={scheduled ? 'Schedule it' : 'Send it now'}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          move.mutate(
            {
              id: broadcast.id,
              move: scheduled ? 'schedule' : 'send',
              confirm: review.confirm ? review.reachable : undefined,
            },
            { onSuccess: close },
          );
        }}
      >
        <Stack>
          <Text>
            {scheduled ? 'At its time, ' : 'Right now, '}
            <b>{number(review.reachable)}</b> {review.reachable === 1 ? 'person gets' : 'people get'} a message. What
            has gone out cannot be taken back.
          </Text>
          {review.confirm && (
            <NumberInput
              label={`Type ${review.reachable} to confirm`}
              hideControls
              data-autofocus
              value={typed}
              onChange={setTyped}
            />
          )}
          <Failure error={move.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Not yet
            </Button>
            <Button type="submit" disabled={!sure} loading={move.isPending}>
              {scheduled ? 'Schedule' : 'Send'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
