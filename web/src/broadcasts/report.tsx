import { Anchor, Badge, Paper, Progress, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { count, number, percent } from '../app/format';
import { Failure, Waiting } from '../app/states';
import type { DeliverySearch } from '../deliveries/routes';
import { type Broadcast, reportQuery, type Report as Told } from './api';
import { reasonName } from './reasons';
import { Steps } from './steps';

type Numbers = Told['numbers'];

/** What became of a broadcast: how far it is, who opened and clicked, who got nothing and why. */
export function Report({ broadcast }: { broadcast: Broadcast }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const live = broadcast.state === 'sending' || broadcast.state === 'paused';
  const report = useQuery(reportQuery(workspace, broadcast.id, live));
  if (broadcast.state === 'scheduled') {
    return <Text c="dimmed">It has not begun yet. When it begins, the numbers are here.</Text>;
  }
  if (!report.data) {
    return report.error ? <Failure error={report.error} again={() => report.refetch()} /> : <Waiting />;
  }
  const r = report.data;
  const left = r.numbers.waiting + r.unplanned;
  return (
    <Stack gap="lg">
      {live && (
        <Stack gap={4}>
          <Progress value={r.people > 0 ? 100 - (100 * left) / r.people : 0} aria-label="Sent" />
          <Text size="sm" c="dimmed">
            {left > 0 ? `${count(left, 'person', 'people')} to go` : 'The last ones are on their way'}
          </Text>
        </Stack>
      )}
      <Figures n={r.numbers} broadcast={broadcast.id} />
      {r.numbers.machine_opened + r.numbers.machine_clicked > 0 && (
        <Text size="sm" c="dimmed">
          {`Not counted: ${count(r.numbers.machine_opened, 'open', 'opens')} and ${count(r.numbers.machine_clicked, 'click', 'clicks')} by machines.`}
        </Text>
      )}
      {r.steps.length > 1 && <Steps steps={r.steps} by={r.step} />}
      {r.variants.length > 1 && <Variants variants={r.variants} />}
      {r.hold_out.people > 0 && (
        <Text size="sm">
          {`Held out: ${count(r.hold_out.people, 'person', 'people')}, of whom ${percent(r.hold_out.converted, r.hold_out.people)} did what it is for without the message; with it ${percent(r.numbers.converted, r.numbers.sent)}.`}
        </Text>
      )}
      {r.skipped.length > 0 && <Skipped rows={r.skipped} />}
    </Stack>
  );
}

function Figures({ n, broadcast }: { n: Numbers; broadcast: string }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const figures: [string, number, number][] = [
    ['Sent', n.sent, 0],
    ['Delivered', n.delivered, n.sent],
    ['Opened', n.opened, n.sent],
    ['Clicked', n.clicked, n.sent],
    ['Converted', n.converted, n.sent],
    ['Bounced', n.bounced, n.sent + n.bounced],
    ['Complained', n.complained, n.sent],
    ['Unsubscribed', n.unsubscribed, n.sent],
    ['Failed', n.failed, 0],
    ['Unknown', n.unknown, 0],
    ['Left out', n.skipped, 0],
  ];
  const shown = figures.filter(([label, value]) => value > 0 || usual.has(label));
  return (
    <SimpleGrid cols={{ base: 2, xs: 3, md: 4, lg: 6 }}>
      {shown.map(([label, value, of]) => (
        <Paper key={label} withBorder p="sm">
          <Text size="sm" c="dimmed">
            <Anchor
              c="inherit"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/w/$workspace/deliveries/log"
                  params={{ workspace }}
                  search={{ origin: broadcast, ...behind[label] }}
                />
              )}
            >
              {label}
            </Anchor>
          </Text>
          <Text size="xl" fw={600} className="number">
            {number(value)}
          </Text>
          {of > 0 && (
            <Text size="sm" c="dimmed" className="number">
              {percent(value, of)}
            </Text>
          )}
        </Paper>
      ))}
    </SimpleGrid>
  );
}

/** How the people behind a number are found. */
const behind: Readonly<Record<string, DeliverySearch>> = {
  Sent: { state: 'sent' },
  Delivered: { outcome: 'delivered' },
  Opened: { outcome: 'opened' },
  Clicked: { outcome: 'clicked' },
  Converted: { outcome: 'converted' },
  Bounced: { outcome: 'bounced' },
  Complained: { outcome: 'complained' },
  Unsubscribed: { outcome: 'unsubscribed' },
  Failed: { state: 'failed' },
  Unknown: { state: 'unknown' },
  'Left out': { state: 'skipped' },
};

const usual = new Set(['Sent', 'Opened', 'Clicked', 'Unsubscribed', 'Left out']);

function Variants({ variants }: { variants: Told['variants'] }) {
  return (
    <Table aria-label="Variants">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Variant</Table.Th>
          <Table.Th ta="right">Sent</Table.Th>
          <Table.Th ta="right">Opened</Table.Th>
          <Table.Th ta="right">Clicked</Table.Th>
          <Table.Th ta="right">Converted</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {variants.map((v) => (
          <Table.Tr key={v.name}>
            <Table.Td>
              {v.name} {v.winner && <Badge color="teal">Winner</Badge>}
            </Table.Td>
            <Table.Td ta="right" className="number">
              {number(v.numbers.sent)}
            </Table.Td>
            {[v.numbers.opened, v.numbers.clicked, v.numbers.converted].map((n, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: three columns that never move
              <Table.Td key={i} ta="right" className="number">
                {`${number(n)} · ${percent(n, v.numbers.sent)}`}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Skipped({ rows }: { rows: Told['skipped'] }) {
  return (
    <Table aria-label="Left out" maw={480}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Left out</Table.Th>
          <Table.Th ta="right">People</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((r) => (
          <Table.Tr key={r.reason}>
            <Table.Td>{reasonName(r.reason)}</Table.Td>
            <Table.Td ta="right" className="number">
              {number(r.people)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
