import { Badge, Progress, Table, Text } from '@mantine/core';
import { bytes, number, percent } from '../app/format';
import type { Import } from './api';

/** How an import stands, in a word. */
export function ImportState({ of: m }: { of: Import }) {
  const label = m.state === 'cancelled' ? 'stopped' : m.state;
  return <Badge variant="default">{m.dry_run ? `dry run ${label}` : label}</Badge>;
}

/** How far an import is. */
export function ImportProgress({ of: m }: { of: Import }) {
  return (
    <div>
      <Progress value={m.bytes ? (100 * m.read_bytes) / m.bytes : 100} aria-label="Part of the file that is read" />
      <Text size="sm" c="dimmed" mt={4} className="number">
        {percent(m.read_bytes, m.bytes)} of {bytes(m.bytes)} · {number(m.rows)} rows
      </Text>
    </div>
  );
}

/** What became of the rows. */
export function ImportCounts({ of: m }: { of: Import }) {
  const taken = m.dry_run ? 'would be taken' : 'taken';
  const rows: [string, number, string][] = [
    [`Rows ${taken}`, m.accepted, ''],
    ['Taken but for a part', m.partial, 'The list below says which part was not.'],
    ['There already', m.repeated, 'The same row of the same file was taken before, and counts once.'],
    ['Rejected', m.rejected, ''],
  ];
  return (
    <Table withTableBorder maw={560}>
      <Table.Tbody>
        {rows
          .filter(([, n], i) => n > 0 || i === 0 || i === 3)
          .map(([what, n, about]) => (
            <Table.Tr key={what}>
              <Table.Th scope="row">
                {what}
                {about && (
                  <Text size="xs" c="dimmed" fw={400}>
                    {about}
                  </Text>
                )}
              </Table.Th>
              <Table.Td ta="right" className="number">
                {number(n)}
              </Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}
