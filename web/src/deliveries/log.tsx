import { Anchor, Badge, Button, Center, Group, Select, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { moment, relative, useZone } from '../app/format';
import { notify } from '../app/notify';
import { Empty, Failure } from '../app/states';
import { reasonName } from '../broadcasts/reasons';
import { useMay } from '../session/api';
import { type Delivery, deliveriesQuery, useResend } from './api';
import { capital, outcomes, stateColors, states } from './words';

/** Every message to every person, newest first. */
export function Log() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const search = useSearch({ from: '/w/$workspace/deliveries/log' });
  const deliveries = useInfiniteQuery(deliveriesQuery(workspace, search));
  const all = deliveries.data?.pages.flatMap((p) => p.deliveries) ?? [];
  return (
    <Stack gap="sm">
      <Filters />
      <Failure error={deliveries.error} again={() => deliveries.refetch()} />
      {deliveries.isPending && <Skeleton h={240} />}
      {deliveries.data && all.length === 0 && (
        <Empty title="No message is like that">
          Messages of broadcasts, campaigns and calls of the API are here, one for each person.
        </Empty>
      )}
      {all.length > 0 && <Rows deliveries={all} />}
      {deliveries.hasNextPage && (
        <Center>
          <Button variant="default" loading={deliveries.isFetchingNextPage} onClick={() => deliveries.fetchNextPage()}>
            Show more
          </Button>
        </Center>
      )}
    </Stack>
  );
}

function Filters() {
  const search = useSearch({ from: '/w/$workspace/deliveries/log' });
  const navigate = useNavigate({ from: '/w/$workspace/deliveries/log' });
  const set = (edit: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...edit }), replace: true });
  return (
    <Group gap="sm" align="flex-end">
      <Select
        label="State"
        placeholder="Any"
        clearable
        w={150}
        data={states.map((s) => ({ value: s, label: capital(s) }))}
        value={search.state ?? null}
        onChange={(s) => set({ state: (s as (typeof states)[number]) ?? undefined })}
      />
      <Select
        label="What became of it"
        placeholder="Anything"
        clearable
        w={180}
        data={outcomes.map((o) => ({ value: o, label: capital(o) }))}
        value={search.outcome ?? null}
        onChange={(o) => set({ outcome: (o as (typeof outcomes)[number]) ?? undefined })}
      />
      <TextInput
        label="Person"
        placeholder="Id or email"
        w={220}
        defaultValue={search.person ?? ''}
        onBlur={(event) => set({ person: event.currentTarget.value || undefined })}
        onKeyDown={(event) => event.key === 'Enter' && set({ person: event.currentTarget.value || undefined })}
      />
      {search.origin && (
        <Button variant="default" onClick={() => set({ origin: undefined })}>
          Of everything
        </Button>
      )}
    </Group>
  );
}

function Rows({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const resend = useResend(workspace);
  const may = useMay('send');
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table verticalSpacing="xs" highlightOnHover aria-label="Messages">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>To</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>What became of it</Table.Th>
            <Table.Th>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {deliveries.map((d) => {
            const at = d.sent_at ?? d.planned_at ?? '';
            return (
              <Table.Tr key={d.id}>
                <Table.Td>
                  <Anchor
                    renderRoot={(props) => (
                      <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: d.person }} />
                    )}
                  >
                    {d.recipient || d.person}
                  </Anchor>
                </Table.Td>
                <Table.Td>{capital(d.kind)}</Table.Td>
                <Table.Td>
                  <Group gap="xs">
                    <Badge variant="light" color={stateColors[d.state] ?? 'gray'}>
                      {d.state}
                    </Badge>
                    {d.state === 'unknown' && may && (
                      <Button
                        size="compact-xs"
                        variant="default"
                        loading={resend.isPending}
                        onClick={() =>
                          window.confirm('It may have gone out: then the person gets it twice. Send it again?') &&
                          resend.mutate([d.id], { onError: (error) => notify(error.message) })
                        }
                      >
                        Send again
                      </Button>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Text size="sm" lineClamp={2}>
                    {became(d)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text span size="sm" title={at && moment(at, zone)}>
                    {at && relative(at)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The last thing that became of it, or why nothing did. */
function became(d: Delivery): string {
  if (d.reason) return d.detail ? `${reasonName(d.reason)}: ${d.detail}` : reasonName(d.reason);
  const moments: [string, string | null | undefined][] = [
    ['Complained', d.complained_at],
    ['Unsubscribed', d.unsubscribed_at],
    ['Bounced', d.bounced_at],
    ['Converted', d.converted_at],
    ['Clicked', d.clicked_at],
    ['Opened', d.opened_at],
    ['Delivered', d.delivered_at],
  ];
  return moments.find(([, at]) => at && new Date(at).getTime() > 0)?.[0] ?? '';
}
