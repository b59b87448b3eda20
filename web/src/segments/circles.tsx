import { useId } from 'react';
import { compact } from '../app/format';
import type { Segment } from './api';
import classes from './overlap.module.css';
import { nameOf, type Part } from './region';
import { boxOf, type Circle, layOut, middles } from './venn';

interface Picture {
  sets: readonly Segment[];
  parts: readonly Part[];
  lit: string | undefined;
  light: (id: string | undefined) => void;
}

const width = 520; // units of the drawing

/** Two or three segments as circles whose areas are their people. The list beside it says the same in words. */
export function Circles({ sets, parts, lit, light }: Picture) {
  const id = useId();
  const total = (...among: number[]) =>
    parts.filter((p) => among.every((i) => p.in.includes(i))).reduce((n, p) => n + p.count, 0);
  const rough = layOut(
    sets.map((_, i) => total(i)),
    (i, j) => total(i, j),
  );
  const box = boxOf(rough);
  const scale = width / Math.max(box.width, box.height * 1.2, 1e-9);
  const circles: Circle[] = rough.map((c) => ({ x: c.x * scale, y: c.y * scale, r: c.r * scale }));
  const places = middles(circles);
  const edge = boxOf(circles);
  const margin = 40;
  return (
    <svg
      className={classes.picture}
      viewBox={`${edge.x - margin} ${edge.y - margin} ${edge.width + 2 * margin} ${edge.height + 2 * margin}`}
      role="img"
      aria-label={`${sets.map((s) => s.name).join(', ')} as circles; the parts are listed beside`}
    >
      <defs>
        {circles.map((c, i) => (
          <clipPath key={sets[i]?.id} id={`${id}in${i}`}>
            <circle cx={c.x} cy={c.y} r={c.r} />
          </clipPath>
        ))}
        {parts.map((p) => (
          <mask key={p.id} id={`${id}not${p.id}`}>
            <rect x={edge.x} y={edge.y} width={edge.width} height={edge.height} fill="white" />
            {circles.map(
              (c, i) => !p.in.includes(i) && <circle key={sets[i]?.id} cx={c.x} cy={c.y} r={c.r} fill="black" />,
            )}
          </mask>
        ))}
      </defs>
      {circles.map((c, i) => (
        <circle key={sets[i]?.id} className={classes.circle} data-set={i} cx={c.x} cy={c.y} r={c.r} />
      ))}
      {parts.map((p) => (
        <Region key={p.id} id={id} part={p} box={edge} lit={lit === p.id} light={light} title={nameOf(p, sets)} />
      ))}
      {parts.map((p) => {
        const at = places.get(p.id);
        return (
          at &&
          at.room > 8 && (
            <text key={p.id} className={classes.label} x={at.x} y={at.y + 6} fontSize={17}>
              {compact(p.count)}
            </text>
          )
        );
      })}
    </svg>
  );
}

interface Drawn {
  id: string;
  part: Part;
  box: { x: number; y: number; width: number; height: number };
  lit: boolean;
  light: (id: string | undefined) => void;
  title: string;
}

/** A region: what lies in all of its circles, and in no other. */
function Region({ id, part, box, lit, light, title }: Drawn) {
  let drawn = (
    <rect
      {...box}
      className={classes.region}
      data-lit={lit || undefined}
      mask={`url(#${id}not${part.id})`}
      onPointerEnter={() => light(part.id)}
      onPointerLeave={() => light(undefined)}
    >
      <title>{title}</title>
    </rect>
  );
  for (const i of part.in) drawn = <g clipPath={`url(#${id}in${i})`}>{drawn}</g>;
  return drawn;
}
