import { Radio, Stack, TextInput } from '@mantine/core';
import { useZone } from '../app/format';
import type { Spec } from './api';

type Schedule = Spec['schedule'];

/** When it starts: when it is told to, at a moment, or at a time of day wherever each person is. */
export function When({ schedule, change }: { schedule: Schedule; change: (schedule: Schedule) => void }) {
  const zone = useZone();
  const kind = schedule?.local ? 'local' : schedule?.at ? 'at' : 'now';
  return (
    <Stack gap="xs">
      <Radio.Group
        aria-label="When"
        value={kind}
        onChange={(k) => {
          if (k === 'now') change(undefined);
          if (k === 'at') change({ at: tomorrow().toISOString() });
          if (k === 'local') change({ local: clockOf(tomorrow()) });
        }}
      >
        <Stack gap="xs">
          <Radio value="now" label="When I say so" />
          <Radio value="at" label="At a time" />
          <Radio
            value="local"
            label="At a time of day where each person is"
            description={`By their attribute timezone; else ${zone}`}
          />
        </Stack>
      </Radio.Group>
      {kind === 'at' && (
        <TextInput
          type="datetime-local"
          label="Time"
          description="In the time of this computer"
          value={clockOf(new Date(schedule?.at ?? Date.now()))}
          onChange={(event) => {
            const at = new Date(event.currentTarget.value);
            if (!Number.isNaN(at.getTime())) change({ at: at.toISOString() });
          }}
        />
      )}
      {kind === 'local' && (
        <TextInput
          type="datetime-local"
          label="Time there"
          value={schedule?.local ?? ''}
          onChange={(event) => event.currentTarget.value && change({ local: event.currentTarget.value.slice(0, 16) })}
        />
      )}
    </Stack>
  );
}

/** Nine o'clock tomorrow, of this computer. */
function tomorrow() {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(9, 0, 0, 0);
  return at;
}

/** A moment as this computer's clock shows it: 2026-12-01T09:00. */
function clockOf(at: Date) {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
