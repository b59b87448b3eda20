import { Card, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { count } from '../app/format';
import { Empty, Failure } from '../app/states';
import { recipesQuery } from './api';
import classes from './recipes.module.css';

/** What stands where there is no segment yet: segments worth having, made from the data received. */
export function Recipes() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const recipes = useQuery(recipesQuery(workspace));
  if (recipes.isPending) return <Skeleton h={200} aria-label="Loading" />;
  if (recipes.error) return <Failure error={recipes.error} again={() => recipes.refetch()} />;
  const all = recipes.data.recipes;
  if (all.length === 0) {
    return (
      <Empty title="No segment yet">
        A segment is a group of people who match conditions, kept exact while their data change. As soon as people and
        events come in, segments worth having are proposed here.
      </Empty>
    );
  }
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} size="h4">
          No segment yet: begin with one of these
        </Title>
        <Text c="dimmed" size="sm">
          Made from the data received, with the people they hold right now.
        </Text>
      </div>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {all.map((r) => (
          <Card
            key={r.name}
            withBorder
            padding="md"
            className={classes.recipe}
            renderRoot={(props) => (
              <Link
                {...props}
                to="/w/$workspace/segments/new"
                params={{ workspace }}
                search={{ definition: r.definition, name: r.name } as never}
              />
            )}
          >
            <Text fw={600}>{r.name}</Text>
            <Text size="sm" c="dimmed" lineClamp={2}>
              {r.sentence}
            </Text>
            <Text size="sm" mt={6} className="number">
              {count(r.count, 'person', 'people')} now
            </Text>
          </Card>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
