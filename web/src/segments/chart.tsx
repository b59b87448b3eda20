import { useElementSize } from '@mantine/hooks';
import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { axis, number } from '../app/format';
import classes from './chart.module.css';
import { ticks } from './span';

/** The end of a step: how many there were, and who came and went in it. */
export interface Point {
  at: number;
  count: number;
  enters: number;
  leaves: number;
}

interface Size {
  points: readonly Point[];
  /** What the conditions would have matched before there was a segment. */
  past: readonly { at: number; count: number }[];
  /** Moments at which the definition changed. */
  marks: readonly { at: number; label: string }[];
  from: number;
  to: number;
  /** A moment in words, for an axis and for a point. */
  tick: (at: number) => string;
  when: (at: number) => string;
}

const left = 44;
const right = 12;
const top = 18;
const size = 190; // of the curve
const gap = 14;
const bars = 56; // of joins and leaves
const bottom = 22;
const height = top + size + gap + bars + bottom;

/** The size of a segment over time with who joined and left, read by pointer or by arrow keys. */
export function Chart({ points, past, marks, from, to, tick, when }: Size) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number>();
  const counts = [...points, ...past].map((p) => p.count);
  const [low, high] = extent(counts);
  const inner = Math.max(0, width - left - right);
  const x = (t: number) => left + ((t - from) / (to - from)) * inner;
  const y = (n: number) => top + size - ((n - low) / (high - low)) * size;
  const path = (ps: readonly { at: number; count: number }[]) =>
    ps.map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p.at).toFixed(1)} ${y(p.count).toFixed(1)}`).join('');
  const first = points[0];
  const read = at === undefined ? undefined : points[Math.min(at, points.length - 1)];
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const t = from + ((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / inner) * (to - from);
    setAt(nearest(points, t));
  };
  const key = (event: KeyboardEvent) => {
    const here = at ?? points.length - 1;
    const next = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: points.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(points.length - 1, next)));
  };
  const says = (p: Point | undefined) =>
    p ? `${when(p.at)}: ${number(p.count)} people, ${number(p.enters)} joined, ${number(p.leaves)} left` : '';
  return (
    <div
      ref={ref}
      className={classes.chart}
      role="slider"
      tabIndex={0}
      aria-label="Size over time, by arrow keys"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, points.length - 1)}
      aria-valuenow={at ?? Math.max(0, points.length - 1)}
      aria-valuetext={says(read ?? points.at(-1))}
      onKeyDown={key}
      onBlur={() => setAt(undefined)}
    >
      {width > 0 && (
        <svg
          width={width}
          height={height}
          aria-hidden
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setAt(undefined)}
        >
          {ticks(low, high).map((n) => (
            <g key={n}>
              <line className={classes.grid} x1={left} x2={width - right} y1={y(n)} y2={y(n)} />
              <text className={classes.label} x={left - 8} y={y(n) + 4} textAnchor="end">
                {axis(n)}
              </text>
            </g>
          ))}
          <Times from={from} to={to} x={x} tick={tick} wide={inner} />
          {past.length > 0 && <path className={classes.past} d={path(past)} />}
          {first && points.length > 1 && (
            <path
              className={classes.area}
              d={`${path(points)}L${x(points.at(-1)?.at ?? 0)} ${top + size}L${x(first.at)} ${top + size}Z`}
            />
          )}
          <path className={classes.line} d={path(points)} />
          {points.length === 1 && first && (
            <circle className={classes.dot} cx={x(first.at)} cy={y(first.count)} r={3.5} />
          )}
          {marks.map((m) => (
            <g key={m.label}>
              <line className={classes.mark} x1={x(m.at)} x2={x(m.at)} y1={top - 4} y2={top + size + gap + bars} />
              <text
                className={classes.markLabel}
                x={x(m.at)}
                y={top - 7}
                textAnchor={x(m.at) > width - 40 ? 'end' : x(m.at) < left + 20 ? 'start' : 'middle'}
              >
                {m.label}
              </text>
            </g>
          ))}
          <Moves points={points} x={x} wide={inner} />
          {read && (
            <g>
              <line className={classes.cursor} x1={x(read.at)} x2={x(read.at)} y1={top} y2={top + size + gap + bars} />
              <circle className={classes.dot} cx={x(read.at)} cy={y(read.count)} r={4} />
            </g>
          )}
        </svg>
      )}
      {read && (
        <div
          className={classes.tip}
          style={{ left: Math.min(Math.max(x(read.at), 90), Math.max(90, width - 90)) }}
          aria-hidden
        >
          <div className={classes.when}>{when(read.at)}</div>
          <strong>{number(read.count)}</strong> people
          <div>
            <span className={classes.joined}>+{number(read.enters)} joined</span>{' '}
            <span className={classes.left}>−{number(read.leaves)} left</span>
          </div>
        </div>
      )}
    </div>
  );
}

/** Who joined, upwards, and who left, downwards. */
function Moves({ points, x, wide }: { points: readonly Point[]; x: (at: number) => number; wide: number }) {
  const most = Math.max(1, ...points.flatMap((p) => [p.enters, p.leaves]));
  const middle = top + size + gap + bars / 2;
  const unit = bars / 2 / most;
  const bar = Math.max(1, Math.min(14, (wide / Math.max(points.length, 30)) * 0.62));
  const tall = (n: number) => (n > 0 ? Math.max(1, n * unit) : 0);
  return (
    <g>
      <line className={classes.grid} x1={left} x2={left + wide} y1={middle} y2={middle} />
      {points.map((p) => (
        <g key={p.at}>
          <rect
            className={classes.enters}
            x={x(p.at) - bar / 2}
            y={middle - tall(p.enters)}
            width={bar}
            height={tall(p.enters)}
          />
          <rect className={classes.leaves} x={x(p.at) - bar / 2} y={middle} width={bar} height={tall(p.leaves)} />
        </g>
      ))}
    </g>
  );
}

function Times({
  from,
  to,
  x,
  tick,
  wide,
}: {
  from: number;
  to: number;
  x: (at: number) => number;
  tick: (at: number) => string;
  wide: number;
}) {
  const n = Math.max(2, Math.min(7, Math.floor(wide / 110)));
  return Array.from({ length: n }, (_, i) => {
    const t = from + ((to - from) * i) / (n - 1);
    return (
      <text
        // biome-ignore lint/suspicious/noArrayIndexKey: places on an axis
        key={i}
        className={classes.label}
        x={x(t)}
        y={height - 4}
        textAnchor={i === 0 ? 'start' : i === n - 1 ? 'end' : 'middle'}
      >
        {tick(t)}
      </text>
    );
  });
}

/** The bounds of the axis: from nought, unless that would flatten the curve. */
function extent(counts: readonly number[]): [number, number] {
  const low = Math.min(...counts, Number.POSITIVE_INFINITY);
  const high = Math.max(...counts, 0);
  if (!Number.isFinite(low) || high === 0) return [0, Math.max(high, 4)];
  if (low < high / 2) return [0, high * 1.08];
  const room = Math.max((high - low) * 0.25, high * 0.02, 1);
  return [Math.max(0, low - room), high + room];
}

function nearest(points: readonly Point[], at: number) {
  let best = 0;
  points.forEach((p, i) => {
    if (Math.abs(p.at - at) < Math.abs((points[best]?.at ?? 0) - at)) best = i;
  });
  return best;
}
