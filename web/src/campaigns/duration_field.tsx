import { Group, NumberInput, Select } from '@mantine/core';

/** A duration as a number and a unit: 3 days is 3d. */
export function DurationField({
  label,
  value,
  change,
  readOnly,
}: {
  label: string;
  value: string;
  change: (duration: string) => void;
  readOnly: boolean;
}) {
  const [, n = '1', unit = 'd'] = /^(\d+)(min|h|d|w)$/.exec(value) ?? [];
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap">
      <NumberInput
        label={label}
        min={1}
        allowDecimal={false}
        readOnly={readOnly}
        value={Number(n)}
        onChange={(to) => change(`${Math.max(1, Number(to) || 1)}${unit}`)}
      />
      <Select
        aria-label="Unit"
        w={110}
        allowDeselect={false}
        readOnly={readOnly}
        data={[
          { value: 'min', label: 'minutes' },
          { value: 'h', label: 'hours' },
          { value: 'd', label: 'days' },
          { value: 'w', label: 'weeks' },
        ]}
        value={unit}
        onChange={(to) => change(`${n}${to ?? 'd'}`)}
      />
    </Group>
  );
}
