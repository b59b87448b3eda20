import { Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { count, number, percent } from '../app/format';
import { Failure } from '../app/states';
import { type Condition, isCondition, sameJson } from '../definition/condition';
import { impactQuery, type Segment } from '../segments/api';
import { type PersonRow, previewQuery } from './api';
import classes from './builder.module.css';
import { personName } from './counts';

/** How many people a new segment will hold. */
export function NewImpact({ workspace, definition }: { workspace: string; definition: Condition }) {
  const preview = useQuery(previewQuery(workspace, definition));
  if (preview.error) return <Failure error={preview.error} again={() => preview.refetch()} />;
  if (!preview.data) return <Skeleton h={48} />;
  const { count: n, people, sentence } = preview.data;
  return (
    <Stack gap={4}>
      <Text>
        It will hold <strong className="number">{count(n, 'person', 'people')}</strong>, {percent(n, people)} of all,
        and follow them from then on: people enter and leave as they match.
      </Text>
      <Text size="sm" c="dimmed">
        Reads: {sentence}
      </Text>
    </Stack>
  );
}

/** What saving an edit does: was, becomes, who joins and who leaves, here and in the segments that use it. */
export function EditImpact({ workspace, of, definition }: { workspace: string; of: Segment; definition: Condition }) {
  const same = isCondition(of.definition) && sameJson(of.definition, definition);
  const impact = useQuery({ ...impactQuery(workspace, of.id, definition), enabled: !same });
  if (same) return <Text>Who is in it stays as it is: only its name, description or tags change.</Text>;
  if (impact.error) return <Failure error={impact.error} again={() => impact.refetch()} />;
  if (!impact.data) return <Skeleton h={96} aria-label="Counting what changes" />;
  const { join, leave, stay, join_sample, leave_sample, segments, campaigns } = impact.data;
  return (
    <Stack gap="sm">
      <Group gap="xs" align="baseline" className="number">
        <Text c="dimmed">was</Text>
        <Text fw={600} size="xl">
          {number(stay + leave)}
        </Text>
        <IconArrowRight size={16} aria-hidden />
        <Text c="dimmed">becomes</Text>
        <Text fw={600} size="xl">
          {number(stay + join)}
        </Text>
        <Text>people</Text>
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Side title={`${number(join)} join`} people={join_sample} all={join} />
        <Side title={`${number(leave)} leave`} people={leave_sample} all={leave} />
      </SimpleGrid>
      <Dependants title="Segments that use it change as well" of={segments} />
      {campaigns.length > 0 && (
        <Stack gap={2}>
          <Text fw={600} size="sm">
            Campaigns that would start
          </Text>
          {campaigns.map((campaign) => (
            <Text size="sm" key={campaign.id}>
              {campaign.name}: for {count(campaign.would_start, 'person', 'people')}
            </Text>
          ))}
        </Stack>
      )}
    </Stack>
  );
}

function Side({ title, people, all }: { title: string; people: readonly PersonRow[]; all: number }) {
  return (
    <div className={classes.side}>
      <Text fw={600} className="number">
        {title}
      </Text>
      {people.map((person) => (
        <Text size="sm" key={person.key} truncate>
          {personName(person)}
        </Text>
      ))}
      {all > people.length && (
        <Text size="sm" c="dimmed">
          and {number(all - people.length)} more
        </Text>
      )}
      {all === 0 && (
        <Text size="sm" c="dimmed">
          Nobody
        </Text>
      )}
    </div>
  );
}

function Dependants({
  title,
  of,
}: {
  title: string;
  of: readonly { id: string; name: string; join: number; leave: number }[];
}) {
  if (of.length === 0) return null;
  return (
    <Stack gap={2}>
      <Text fw={600} size="sm">
        {title}
      </Text>
      {of.map(({ id, name, join, leave }) => (
        <Text size="sm" key={id} className="number">
          {name}: {join + leave === 0 ? 'nobody enters or leaves' : `${number(join)} join, ${number(leave)} leave`}
        </Text>
      ))}
    </Stack>
  );
}
