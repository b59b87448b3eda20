import { Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bytes, number } from '../app/format';
import { Failure, Waiting } from '../app/states';
import { limitsQuery } from './api';

/** How much of anything is taken. */
export function Limits() {
  const limits = useQuery(limitsQuery);
  if (limits.error) return <Failure error={limits.error} again={() => limits.refetch()} />;
  if (!limits.data) return <Waiting />;
  return (
    <Stack gap="md" maw={640}>
      <Text size="sm" c="dimmed">
        Nothing is cut: what is over a limit is refused, with the limit in the answer, and listed under Data, Rejected.
      </Text>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">At most</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {limits.data.map((l) => (
            <Table.Tr key={l.name}>
              <Table.Td>{l.what.charAt(0).toUpperCase() + l.what.slice(1)}</Table.Td>
              <Table.Td ta="right" className="number">
                {l.unit === 'bytes'
                  ? bytes(l.value)
                  : l.unit === ':1'
                    ? `${number(l.value)} : 1`
                    : `${number(l.value)} ${l.unit}`}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
