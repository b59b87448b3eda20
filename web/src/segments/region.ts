import type { Condition } from '../definition/condition';
import type { Region, Segment } from './api';

/** The people in exactly some of the segments that are compared: `in` are their places. */
export interface Part {
  id: string;
  in: readonly number[];
  count: number;
}

/** The regions that the server counted, largest first. */
export function partsOf(sets: readonly Pick<Segment, 'id'>[], regions: readonly Region[]): Part[] {
  return regions
    .map((r) => {
      const inside = sets.flatMap((s, i) => (r.segments.includes(s.id) ? [i] : []));
      return { id: inside.join('-'), in: inside, count: r.count };
    })
    .sort((a, b) => b.count - a.count);
}

/** "In A and B, not in C". */
export function nameOf(part: Part, sets: readonly Pick<Segment, 'name'>[]): string {
  const names = (keep: boolean) => sets.filter((_, i) => part.in.includes(i) === keep).map((s) => s.name);
  const list = new Intl.ListFormat('en', { type: 'conjunction' });
  const or = new Intl.ListFormat('en', { type: 'disjunction' });
  const out = names(false);
  return `In ${list.format(names(true))}${out.length > 0 ? `, not in ${or.format(out)}` : ''}`;
}

/** A definition of exactly the people of a part. */
export function definitionOf(part: Part, sets: readonly Pick<Segment, 'key'>[]): Condition {
  const refs = (keep: boolean): Condition[] =>
    sets.filter((_, i) => part.in.includes(i) === keep).map((s) => ({ segment: s.key }));
  const out = refs(false);
  const all = [...refs(true), ...(out.length > 0 ? [{ none: out }] : [])];
  return all.length === 1 ? (all[0] as Condition) : { all };
}
