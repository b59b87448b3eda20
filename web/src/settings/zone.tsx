import { Select } from '@mantine/core';

/** The time zone of this browser, as a proposal. */
export const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

const all = () => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];

/** Chooses a time zone by typing a part of its name, and says what time it is there. */
export function ZoneSelect({
  value,
  onChange,
  error,
  disabled,
}: {
  value: string;
  onChange: (zone: string) => void;
  error?: string;
  disabled?: boolean;
}) {
  const zones = all();
  return (
    <Select
      label="Time zone"
      description={`Days, “last Monday” and times of day are meant here. It is ${clock(value)} there now.`}
      searchable
      allowDeselect={false}
      data={zones.includes(value) ? zones : [value, ...zones]}
      limit={100}
      value={value}
      onChange={(zone) => zone && onChange(zone)}
      nothingFoundMessage="No zone of that name"
      error={error}
      disabled={disabled}
    />
  );
}

function clock(zone: string) {
  return new Intl.DateTimeFormat(navigator.language, { hour: '2-digit', minute: '2-digit', timeZone: zone }).format();
}
