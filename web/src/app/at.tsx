import { Text } from '@mantine/core';
import { clock, whole } from './format';

/** The time of day of a moment, with its date on hover. */
export function At({ at, zone }: { at: string; zone: string }) {
  return (
    <Text component="time" dateTime={at} title={whole(at, zone)} size="xs" c="dimmed" className="number">
      {clock(at, zone)}
    </Text>
  );
}
