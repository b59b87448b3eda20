import { SimpleGrid, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { count } from '../app/format';
import { type Recipe, recipesQuery } from '../segments/api';
import classes from './builder.module.css';

/** Segments that the data received suggest, to begin with. */
export function Recipes({ workspace, start }: { workspace: string; start: (recipe: Recipe) => void }) {
  const recipes = useQuery(recipesQuery(workspace));
  if (recipes.isError || recipes.data?.recipes?.length === 0) return null; // one begins without them
  return (
    <Stack gap="xs" component="section" aria-label="Start from your data">
      <Text fw={600}>Or start from what your data suggest</Text>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm">
        {recipes.data?.recipes?.map((recipe) => (
          <UnstyledButton key={recipe.text} className={classes.recipe} onClick={() => start(recipe)}>
            <Text size="sm" fw={600}>
              {recipe.name}
            </Text>
            <Text size="xs" c="dimmed" lineClamp={3}>
              {recipe.sentence}
            </Text>
            <Text size="sm" className={classes.recipeCount}>
              {count(recipe.count, 'person', 'people')} now
            </Text>
          </UnstyledButton>
        )) ?? ['a', 'b', 'c'].map((key) => <Skeleton key={key} h={72} />)}
      </SimpleGrid>
    </Stack>
  );
}
