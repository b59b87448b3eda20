import { Alert, Anchor, Group, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { visible } from '../app/reading';
import type { Attention } from './api';

/** What somebody should look at, each with what to do. Nothing while there is nothing. */
export function NeedsAttention({ workspace, attention }: { workspace: string; attention: readonly Attention[] }) {
  if (attention.length === 0) return null;
  return (
    <Alert color="orange" variant="light" icon={<IconAlertTriangle />} title="Needs attention" component="section">
      <List listStyleType="none" spacing={4}>
        {attention.map((a) => (
          <List.Item key={`${a.code} ${a.object}`}>
            <Group gap="xs">
              <Text size="sm">
                <bdi>{visible(a.message)}</bdi>
              </Text>
              <Remedy workspace={workspace} attention={a} />
            </Group>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function Remedy({ workspace, attention }: { workspace: string; attention: Attention }): ReactNode {
  switch (attention.code as string) {
    case 'segment_failed':
      return (
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link
              {...props}
              to="/w/$workspace/segments/$segment/edit"
              params={{ workspace, segment: attention.object }}
            />
          )}
        >
          Change its definition
        </Anchor>
      );
    case 'rejected':
      return (
        <Anchor
          size="sm"
          renderRoot={(props) => <Link {...props} to="/w/$workspace/data/rejected" params={{ workspace }} />}
        >
          See what and why
        </Anchor>
      );
    case 'behind':
      return (
        <Text size="sm" c="dimmed">
          Nothing to do: it catches up by itself.
        </Text>
      );
    default:
      return null;
  }
}
