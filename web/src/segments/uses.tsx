import { Anchor, Card, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { count, number } from '../app/format';
import { Empty, Failure, Waiting } from '../app/states';
import { everySegmentQuery, type Segment } from './api';
import { State } from './state';

/** The segments whose definition refers to one. */
export function Uses({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const all = useQuery(everySegmentQuery(workspace));
  if (segment.used_in.length === 0) {
    return (
      <Empty title="Nothing uses it">
        No other segment refers to it, so it can be changed, archived or deleted without an effect elsewhere.
      </Empty>
    );
  }
  if (all.error) return <Failure error={all.error} again={() => all.refetch()} />;
  if (!all.data) return <Waiting />;
  const users = all.data.filter((s) => segment.used_in.includes(s.id));
  return (
    <Stack gap="xs">
      <Text c="dimmed" size="sm">
        {users.length === 1
          ? 'One segment refers to it, and changes with it at the same moment.'
          : `${number(users.length)} segments refer to it, and change with it at the same moment.`}
      </Text>
      {users.map((s) => (
        <Card key={s.id} withBorder padding="sm">
          <Anchor
            fw={600}
            size="sm"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/w/$workspace/segments/$segment"
                params={{ workspace, segment: s.key }}
                search={{}}
              />
            )}
          >
            {s.name}
          </Anchor>
          <Text size="sm">{s.sentence}</Text>
          <Group gap="sm" mt={4}>
            <Text size="sm" className="number">
              {count(s.count, 'person', 'people')}
            </Text>
            <State segment={s} />
          </Group>
        </Card>
      ))}
    </Stack>
  );
}
