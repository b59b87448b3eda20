import { Anchor, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconFileUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { moment, number, percent, useZone } from '../app/format';
import { Empty, Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { type Import, importsQuery } from './api';
import classes from './code.module.css';
import { ImportState } from './progress';

/** The files that were brought in, or are on their way. */
export function Imports() {
  const { workspace } = useParams({ from: '/w/$workspace/data/imports' });
  const imports = useQuery(importsQuery(workspace));
  const editor = useMay('write');
  const zone = useZone();
  const begin = editor ? (
    <Button
      size="xs"
      leftSection={<IconFileUpload size={16} />}
      renderRoot={(props) => <Link {...props} to="/w/$workspace/data/imports/new" params={{ workspace }} />}
    >
      Import a file
    </Button>
  ) : (
    <Text c="dimmed" size="sm">
      Editors and admins can import.
    </Text>
  );
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Imports
        </Title>
        {imports.data?.length !== 0 && begin}
      </Group>
      {imports.isPending && <Waiting />}
      <Failure error={imports.error} again={() => imports.refetch()} />
      {imports.data?.length === 0 && (
        <Empty title="No file was imported yet" icon={<IconFileUpload size={28} />} action={begin}>
          People, events, or members of a manual segment, from CSV, NDJSON or Parquet of any size.
        </Empty>
      )}
      {imports.data && imports.data.length > 0 && (
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>File</Table.Th>
              <Table.Th visibleFrom="sm">Of</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th ta="right">Taken</Table.Th>
              <Table.Th ta="right" visibleFrom="xs">
                Rejected
              </Table.Th>
              <Table.Th visibleFrom="sm">Begun</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {imports.data.map((m) => (
              <Table.Tr key={m.id}>
                <Table.Td>
                  <Anchor
                    size="sm"
                    className={classes.name}
                    renderRoot={(props) => (
                      <Link {...props} to="/w/$workspace/data/imports/$import" params={{ workspace, import: m.id }} />
                    )}
                  >
                    {m.file || m.id}
                  </Anchor>
                </Table.Td>
                <Table.Td visibleFrom="sm">{m.kind}</Table.Td>
                <Table.Td>{state(m)}</Table.Td>
                <Table.Td ta="right" className="number">
                  {number(m.accepted + m.partial)}
                </Table.Td>
                <Table.Td ta="right" className="number" visibleFrom="xs">
                  {number(m.rejected)}
                </Table.Td>
                <Table.Td visibleFrom="sm">{moment(m.created_at, zone)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

const state = (m: Import) =>
  m.state === 'running' && m.bytes ? (
    <Text size="sm" className="number">
      {percent(m.read_bytes, m.bytes)}
    </Text>
  ) : (
    <ImportState of={m} />
  );
