import { Badge, Button, Collapse, Group, Select, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconCircleCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { count, moment, number, relative, useZone } from '../app/format';
import { notify } from '../app/notify';
import { Empty, Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { type Rejected, rejectedCodesQuery, rejectedQuery, useReplay } from './api';
import { CodeBlock } from './code';
import classes from './rejected.module.css';

/** limit_exceeded as Limit exceeded. */
const words = (code: string) => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');

/** What was refused, or taken only in part: why, as it came, and to be taken again. */
export function RejectedItems() {
  const { workspace } = useParams({ from: '/w/$workspace/data/rejected' });
  const { code = '' } = useSearch({ from: '/w/$workspace/data/rejected' });
  const navigate = useNavigate({ from: '/w/$workspace/data/rejected' });
  const items = useInfiniteQuery(rejectedQuery(workspace, code));
  const codes = useQuery(rejectedCodesQuery(workspace)).data ?? [];
  const replay = useReplay();
  const editor = useMay('write');
  const shown = items.data?.pages.flatMap((p) => p.rejected) ?? [];
  const refused = shown.filter((r) => !r.warning); // of the others the rest was taken
  const again = (ids: number[]) =>
    replay.mutate(ids, {
      onSuccess: ({ taken, refused }) =>
        refused === 0 && void notify(`${count(taken, 'item was', 'items were')} taken.`),
    });
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end">
        <Select
          label="Reason"
          w={260}
          data={[
            { value: '', label: `All (${number(codes.reduce((n, c) => n + c.count, 0))})` },
            ...codes.map((c) => ({ value: c.code, label: `${words(c.code)} (${number(c.count)})` })),
          ]}
          allowDeselect={false}
          value={code}
          onChange={(c) => navigate({ search: { code: c || undefined } })}
        />
        {editor && refused.length > 0 && (
          <Button variant="default" loading={replay.isPending} onClick={() => again(refused.map((r) => r.id))}>
            Take all {number(refused.length)} refused again
          </Button>
        )}
      </Group>
      <Failure error={items.error ?? replay.error} again={() => items.refetch()} />
      {replay.data && replay.data.refused > 0 && (
        <Text role="status" size="sm">
          {number(replay.data.taken)} taken, {number(replay.data.refused)} refused again: {replay.data.why}
        </Text>
      )}
      {items.isPending && <Waiting />}
      {items.data && shown.length === 0 && (
        <Empty title="Nothing was refused" icon={<IconCircleCheck size={28} />}>
          Items that break a limit or make no sense are kept here with the reason, the last 100,000 of them.
        </Empty>
      )}
      {shown.length > 0 && (
        <ul className={classes.list}>
          {shown.map((r) => (
            <Item key={r.id} of={r} onReplay={editor && !r.warning ? () => again([r.id]) : undefined} />
          ))}
        </ul>
      )}
      {items.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={items.isFetchingNextPage} onClick={() => items.fetchNextPage()}>
            Show older ones
          </Button>
        </Group>
      )}
    </Stack>
  );
}

const families: Record<string, string> = { segment: 'Segment', customerio: 'Customer.io', api: 'API' };

function Item({ of: r, onReplay }: { of: Rejected; onReplay?: () => void }) {
  const [open, setOpen] = useState(false);
  const zone = useZone();
  const body = typeof r.body === 'string' ? r.body : JSON.stringify(r.body, null, 2);
  return (
    <li className={classes.item}>
      <UnstyledButton className={classes.head} onClick={() => setOpen(!open)} aria-expanded={open}>
        <IconChevronRight size={16} className={classes.mark} data-open={open} aria-hidden />
        <span className={classes.what}>
          <span>
            {r.message}
            {r.warning && ' — the rest was taken'}
          </span>
          <span className={classes.about}>
            {families[r.family] ?? r.family} {r.kind} · {relative(r.at)}
          </span>
        </span>
        <Badge variant="default">{words(r.code)}</Badge>
      </UnstyledButton>
      <Collapse expanded={open} transitionDuration={0}>
        {open && (
          <Stack gap="xs" className={classes.body}>
            <Text size="sm" c="dimmed">
              {moment(r.at, zone)}
              {r.request && ` by ${r.request}`}
              {r.pointer && `; the fault is at ${r.pointer}`}
            </Text>
            <CodeBlock text={body} label="Item as it came" />
            {onReplay && (
              <Group>
                <Button size="xs" variant="default" onClick={onReplay}>
                  Take it again
                </Button>
                <Text size="sm" c="dimmed">
                  As it would be taken now; it leaves this list when it is.
                </Text>
              </Group>
            )}
          </Stack>
        )}
      </Collapse>
    </li>
  );
}
