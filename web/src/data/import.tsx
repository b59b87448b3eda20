import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { moment, useZone } from '../app/format';
import { Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { importQuery, useCancelImport } from './api';
import { ImportCounts, ImportProgress, ImportState } from './progress';
import { RejectedRows } from './rejected_rows';

/** One import: how far it is, what became of its rows, and which were not taken and why. */
export function ImportPage() {
  const { workspace, import: id } = useParams({ from: '/w/$workspace/data/imports/$import' });
  const found = useQuery(importQuery(workspace, id));
  const cancel = useCancelImport();
  const editor = useMay('write');
  const zone = useZone();
  const m = found.data;
  if (found.error) return <Failure error={found.error} again={() => found.refetch()} />;
  if (!m) return <Waiting />;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start">
        <Stack gap={2}>
          <Group gap="sm">
            <Title order={2} size="h4">
              {m.file || m.id}
            </Title>
            <ImportState of={m} />
          </Group>
          <Text size="sm" c="dimmed">
            {m.kind}, begun {moment(m.created_at, zone)}
          </Text>
        </Stack>
        {m.state === 'running' && editor && (
          <Button variant="default" onClick={() => cancel.mutate(id)} loading={cancel.isPending}>
            Stop the import
          </Button>
        )}
      </Group>
      <Failure error={cancel.error} />
      {m.state === 'running' && <ImportProgress of={m} />}
      {m.state === 'cancelled' && <Alert color="gray">It was stopped. What was taken before stays.</Alert>}
      {m.reason && (
        <Alert color="red" role="alert" title="It ended early">
          {m.reason}
        </Alert>
      )}
      <ImportCounts of={m} />
      {m.state === 'done' && !m.dry_run && m.accepted > 0 && (
        <Group>
          <Button
            size="xs"
            variant="default"
            renderRoot={(props) => <Link {...props} to="/w/$workspace/people" params={{ workspace }} />}
          >
            See people
          </Button>
          <Button
            size="xs"
            variant="default"
            renderRoot={(props) => <Link {...props} to="/w/$workspace/segments/new" params={{ workspace }} />}
          >
            Build a segment
          </Button>
        </Group>
      )}
      {m.rejected + m.partial > 0 && <RejectedRows of={m} />}
    </Stack>
  );
}
