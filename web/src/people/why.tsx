import { Anchor, Badge, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { brief, clock, useZone, whole } from '../app/format';
import { Failure, Waiting } from '../app/states';
import { ExplainTree } from '../explain/explain_tree';
import { type Person, whyQuery } from './api';

/** Why somebody is in a segment, or is not: since when, until when, and what decided it. */
export function Why({ workspace, person, segment }: { workspace: string; person: Person; segment: string }) {
  const zone = useZone();
  const { data, error, refetch } = useQuery(whyQuery(workspace, person.key, segment));
  if (error && !data) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  const tree = data.tree ?? [];
  const { since, next_change: change } = tree[0] ?? {};
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Badge color={data.matched ? 'teal' : 'gray'} variant="light" radius="sm">
          {data.matched ? 'In' : 'Not in'}
        </Badge>
        {since && (
          <Text size="sm" title={whole(since, zone)}>
            {data.matched ? 'matches' : 'does not match'} since {brief(since, zone)}
          </Text>
        )}
        <Text size="sm" c={change ? undefined : 'dimmed'} title={change ? whole(change, zone) : undefined}>
          {change
            ? `${data.matched ? 'leaves' : 'joins'} ${brief(change, zone)}, if nothing else happens`
            : 'time alone changes nothing'}
        </Text>
      </Group>
      <ExplainTree tree={tree} matched={data.matched} />
      <Group gap="sm" justify="space-between">
        <Text size="xs" c="dimmed">
          {data.as_of && `Exact as of ${clock(data.as_of, zone)}`}
        </Text>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/segments/$segment" params={{ workspace, segment }} />
          )}
        >
          Open the segment
        </Anchor>
      </Group>
    </Stack>
  );
}
