import { Anchor, Button, Group, Modal, Select, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { count, moment, relative, useZone } from '../app/format';
import { Page } from '../app/page';
import { Empty, Failure } from '../app/states';
import { everySegmentQuery } from '../segments/api';
import { useMay } from '../session/api';
import { type Campaign, campaignsQuery, useCreate } from './api';
import { State } from './state';
import { blankSpec, triggerWords } from './words';

/** Ways that people go by themselves, message after message. */
export function CampaignsPage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const campaigns = useQuery(campaignsQuery(workspace));
  const may = useMay('write');
  const [making, setMaking] = useState(false);
  const all = campaigns.data ?? [];
  const make = may && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      New campaign
    </Button>
  );
  return (
    <Page
      title="Campaigns"
      about={all.length > 0 && count(all.length, 'campaign', 'campaigns')}
      actions={all.length > 0 && make}
    >
      <Failure error={campaigns.error} again={() => campaigns.refetch()} />
      {campaigns.isPending && <Skeleton h={240} />}
      {campaigns.data && all.length === 0 && (
        <Empty title="No campaign yet" action={make}>
          A campaign begins for each person by itself, when they enter a segment or do something, and takes them through
          messages, waits and ways that part.
        </Empty>
      )}
      {all.length > 0 && <Rows campaigns={all} />}
      {making && <NewCampaign close={() => setMaking(false)} />}
    </Page>
  );
}

function Rows({ campaigns }: { campaigns: readonly Campaign[] }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const segments = useQuery(everySegmentQuery(workspace)).data ?? [];
  const name = (id: string) => segments.find((s) => s.id === id || s.key === id)?.name ?? '';
  return (
    <Table verticalSpacing="sm" highlightOnHover aria-label="Campaigns">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th visibleFrom="sm">Steps</Table.Th>
          <Table.Th visibleFrom="sm">Changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {campaigns.map((c) => (
          <Table.Tr key={c.id}>
            <Table.Td>
              <Stack gap={0}>
                <Anchor
                  fw={500}
                  renderRoot={(props) => (
                    <Link {...props} to="/w/$workspace/campaigns/$campaign" params={{ workspace, campaign: c.id }} />
                  )}
                >
                  {c.name}
                </Anchor>
                <Text size="sm" c="dimmed" lineClamp={1}>
                  Somebody {triggerWords(c.spec.trigger, name)}
                </Text>
              </Stack>
            </Table.Td>
            <Table.Td>
              <State state={c.state} />
            </Table.Td>
            <Table.Td visibleFrom="sm" className="number">
              {c.spec.steps.length}
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text span size="sm" title={moment(c.updated_at, zone)}>
                {relative(c.updated_at)}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function NewCampaign({ close }: { close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  const create = useCreate(workspace);
  const segments = useQuery(everySegmentQuery(workspace)).data ?? [];
  const [name, setName] = useState('');
  const [segment, setSegment] = useState<string | null>(null);
  return (
    <Modal opened onClose={close} title="New campaign">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { name: name.trim(), spec: { ...blankSpec, trigger: { kind: 'segment_entered', segment: segment ?? '' } } },
            {
              onSuccess: (c) =>
                navigate({
                  to: '/w/$workspace/campaigns/$campaign',
                  params: { workspace, campaign: c.id },
                  search: { step: 'trigger' },
                }),
            },
          );
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="For you and your colleagues; the people in it do not see it"
            required
            maxLength={150}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="It begins when somebody enters"
            description="Another beginning, such as an event or a date, can be chosen afterwards"
            placeholder="A segment"
            required
            searchable
            data={segments.map((s) => ({ value: s.id, label: s.name }))}
            value={segment}
            onChange={setSegment}
          />
          <Failure error={create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim() || !segment}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
