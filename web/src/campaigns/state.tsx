import { Badge } from '@mantine/core';
import type { Campaign } from './api';

const states: Readonly<Record<string, { label: string; color: string }>> = {
  draft: { label: 'Draft', color: 'gray' },
  live: { label: 'Live', color: 'teal' },
  paused: { label: 'Paused', color: 'orange' },
  archived: { label: 'Archived', color: 'gray' },
};

export function State({ state }: { state: Campaign['state'] }) {
  const { label, color } = states[state] ?? { label: state, color: 'gray' };
  return (
    <Badge variant="light" color={color}>
      {label}
    </Badge>
  );
}
