import { Badge } from '@mantine/core';
import type { Broadcast } from './api';

const states: Readonly<Record<string, { label: string; color: string }>> = {
  draft: { label: 'Draft', color: 'gray' },
  scheduled: { label: 'Scheduled', color: 'blue' },
  sending: { label: 'Sending', color: 'blue' },
  paused: { label: 'Paused', color: 'orange' },
  sent: { label: 'Sent', color: 'teal' },
  cancelled: { label: 'Cancelled', color: 'gray' },
};

export function State({ state }: { state: Broadcast['state'] }) {
  const { label, color } = states[state] ?? { label: state, color: 'gray' };
  return (
    <Badge variant="light" color={color}>
      {label}
    </Badge>
  );
}
