import { clockMinute, count, number, useZone } from '../app/format';
import classes from './home.module.css';

const width = 180;
const height = 32;
const bars = 60;

/** What was received in each minute of the last hour, as bars; the present minute is not over, and paler. */
export function Minutes({ minutes }: { minutes: readonly number[] }) {
  const zone = useZone();
  const most = Math.max(1, ...minutes);
  const step = width / bars;
  const now = Math.floor(Date.now() / 60_000);
  const total = minutes.reduce((sum, n) => sum + n, 0);
  return (
    <svg
      className={classes.minutes}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${number(total)} in the last ${count(minutes.length, 'minute', 'minutes')}, at most ${number(most)} in one`}
    >
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} className={classes.ground} />
      {minutes.map((n, i) => {
        const back = minutes.length - 1 - i;
        const high = n === 0 ? 0 : Math.max(1.5, (n / most) * (height - 2));
        return (
          <rect
            key={now - back}
            x={width - (back + 1) * step + 0.4}
            width={step - 0.8}
            y={height - 1 - high}
            height={high}
            className={back === 0 ? classes.present : classes.bar}
          >
            <title>{`${clockMinute((now - back) * 60_000, zone)}: ${number(n)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
