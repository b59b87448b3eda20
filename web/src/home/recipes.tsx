import { Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { count, relative } from '../app/format';
import { visible } from '../app/reading';
import { Failure } from '../app/states';
import type { Condition } from '../definition/condition';
import { recipesQuery } from '../segments/api';
import classes from './home.module.css';
import { Section } from './section';

/** Segments that the data received suggest: each opens in the builder. */
export function Recipes({ workspace }: { workspace: string }) {
  const { data, dataUpdatedAt, error, refetch, isPending } = useQuery(recipesQuery(workspace));
  const recipes = data?.recipes ?? [];
  return (
    <Section
      title="From your data"
      aside={
        data && (
          <Text size="sm" c="dimmed">
            counted {relative(dataUpdatedAt)}
          </Text>
        )
      }
    >
      {isPending && (
        <Stack px="md" pb="md" gap="xs" aria-busy="true">
          <Skeleton h={40} />
          <Skeleton h={40} />
        </Stack>
      )}
      {error && !data && <Failure error={error} again={() => void refetch()} />}
      {data && recipes.length === 0 && (
        <Text size="sm" c="dimmed" px="md" pb="md">
          Suggestions come with more events and attributes.
        </Text>
      )}
      <ul className={classes.recipes}>
        {recipes.map((recipe) => (
          <li key={recipe.text}>
            <Link
              to="/w/$workspace/segments/new"
              params={{ workspace }}
              search={{ definition: recipe.definition as Condition, name: recipe.name }}
              className={classes.recipe}
            >
              <span className={classes.what}>
                <bdi title={recipe.name}>{visible(recipe.name)}</bdi>
                <Text size="xs" c="dimmed" truncate title={recipe.sentence}>
                  <bdi>{visible(recipe.sentence)}</bdi>
                </Text>
              </span>
              <Text span size="sm" className="number">
                {count(recipe.count, 'person', 'people')} now
              </Text>
              <IconArrowRight size={16} aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
