import { Badge, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { number } from '../app/format';
import { Failure } from '../app/states';
import { type Import, importRejectedQuery, useRejectedRows } from './api';
import classes from './code.module.css';

/** The first rows of an import that were not taken, with the reason; all of them as a file. */
export function RejectedRows({ of: m }: { of: Import }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const rows = useQuery(importRejectedQuery(workspace, m.id, m.rejected + m.partial));
  const download = useRejectedRows();
  const shown = rows.data?.rows ?? [];
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={3} size="h5">
          Rows not taken, or not whole
        </Title>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={16} />}
          loading={download.isPending}
          onClick={() => download.mutate(m.id)}
        >
          Download all as CSV
        </Button>
      </Group>
      <Failure error={rows.error ?? download.error} />
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="right" w={80}>
              Line
            </Table.Th>
            <Table.Th w={130}>What happened</Table.Th>
            <Table.Th>Reason</Table.Th>
            <Table.Th visibleFrom="sm">The row</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((r) => (
            <Table.Tr key={r.row}>
              <Table.Td ta="right" className="number">
                {number(r.line)}
              </Table.Td>
              <Table.Td>
                <Badge variant="light" color={r.partial ? 'yellow.9' : 'red'} tt="none">
                  {r.partial ? 'Taken in part' : m.dry_run ? 'Would be rejected' : 'Rejected'}
                </Badge>
              </Table.Td>
              <Table.Td>{r.message}</Table.Td>
              <Table.Td visibleFrom="sm">
                <Text className={classes.secret} lineClamp={2}>
                  {r.raw}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.data?.next ? (
        <Text size="sm" c="dimmed">
          These are the first {number(shown.length)}; the file has all.
        </Text>
      ) : null}
    </Stack>
  );
}
