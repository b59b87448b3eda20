import { Group, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import type { Spec } from './api';

/** What most broadcasts leave as it is. */
export function More({ spec, set }: { spec: Spec; set: (edit: Partial<Spec>) => void }) {
  const { goal } = spec;
  return (
    <Stack gap="sm">
      <Group gap="sm" grow align="flex-start">
        <NumberInput
          label="Hold out"
          description="Get nothing, to compare with"
          min={0}
          max={50}
          suffix=" %"
          value={spec.hold_out ?? 0}
          onChange={(n) => set({ hold_out: Number(n) || undefined })}
        />
        <NumberInput
          label="At most a minute"
          description="Messages; 0 for no bound"
          min={0}
          max={1_000_000}
          value={spec.rate ?? 0}
          onChange={(n) => set({ rate: Number(n) || undefined })}
        />
      </Group>
      <Select
        label="After a crash in the middle"
        description="What is promised of the few messages that were on their way right then"
        allowDeselect={false}
        data={[
          { value: 'at_most_once', label: 'Nobody gets it twice; those few are listed as unknown' },
          { value: 'at_least_once', label: 'Everybody gets it; those few may get it twice' },
        ]}
        value={spec.mode ?? 'at_most_once'}
        onChange={(mode) => set({ mode: mode as Spec['mode'] })}
      />
      <Group gap="sm" grow align="flex-start">
        <TextInput
          label="Goal"
          description="Event that counts as converted"
          placeholder="None"
          value={goal?.event ?? ''}
          onChange={(event) => {
            const name = event.currentTarget.value;
            set({ goal: name ? { within: '7d', ...goal, event: name } : undefined });
          }}
        />
        {goal && (
          <Select
            label="Within"
            description="Of the message"
            allowDeselect={false}
            data={[...new Set(['1d', '3d', '7d', '30d', '90d', goal.within])]}
            value={goal.within}
            onChange={(within) => set({ goal: { ...goal, within: within ?? '7d' } })}
          />
        )}
      </Group>
    </Stack>
  );
}
