import { Group, Stack, Text } from '@mantine/core';
import { number } from '../app/format';
import type { Counts } from './api';

/** How many began, are under way, came to the end, were taken out, and did what it is for. */
export function Figures({ counts }: { counts: Counts }) {
  const figures = [
    ['Began', counts.started],
    ['Under way', counts.active],
    ['Through', counts.done],
    ['Taken out', counts.exited],
    ['Converted', counts.converted],
  ] as const;
  return (
    <Group gap="xl">
      {figures.map(([label, n]) => (
        <Stack key={label} gap={0}>
          <Text size="sm" c="dimmed">
            {label}
          </Text>
          <Text size="xl" fw={600} className="number">
            {number(n)}
          </Text>
        </Stack>
      ))}
    </Group>
  );
}
