import { Text } from '@mantine/core';
import { number } from '../app/format';
import classes from './sparkline.module.css';

const width = 104;
const height = 28;
const inset = 2;

/** Counts at the ends of the last days, of so many days that the curve is drawn over. */
export interface Curve {
  counts: readonly number[];
  days: number;
}

/** A small curve of counts, said in words for who does not see it. What is younger than the curve begins within it. */
export function Sparkline({ curve: { counts, days }, now }: { curve: Curve; now: number }) {
  if (counts.length < 2) {
    return (
      <Text span size="sm" c="dimmed">
        new today
      </Text>
    );
  }
  const low = Math.min(...counts);
  const span = Math.max(...counts) - low;
  const x = (i: number) => inset + ((days - counts.length + i) * (width - 2 * inset)) / (days - 1);
  const y = (n: number) => (span === 0 ? height / 2 : height - inset - ((n - low) * (height - 2 * inset)) / span);
  const line = counts.map((n, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(n).toFixed(1)}`).join('');
  const last = counts.length - 1;
  return (
    <svg
      className={classes.curve}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`From ${number(counts[0] ?? 0)} to ${number(now)} people`}
    >
      <path className={classes.area} d={`${line}L${x(last).toFixed(1)} ${height}L${x(0).toFixed(1)} ${height}Z`} />
      <path className={classes.line} d={line} />
      <circle className={classes.end} cx={x(last)} cy={y(counts[last] ?? 0)} r={1.8} />
    </svg>
  );
}
