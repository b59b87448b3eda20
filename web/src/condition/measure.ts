// How often: the measures of an activity, and the comparison that a measure must pass.
import type { Condition, Json } from '../definition/condition';
import { isObject, isScalar, withKey } from './edit';

export const compares = [
  { key: 'at_least', words: 'at least' },
  { key: 'at_most', words: 'at most' },
  { key: 'exactly', words: 'exactly' },
  { key: 'more_than', words: 'more than' },
  { key: 'less_than', words: 'less than' },
  { key: 'between', words: 'between' },
] as const;
export type CompareKey = (typeof compares)[number]['key'];

export const measures = [
  { key: 'count', words: 'times', about: 'how many times', group: 'How often' },
  { key: 'days', words: 'different days', about: 'on how many different days', group: 'How often' },
  { key: 'regularly', words: 'regularly', about: 'in some of the last weeks, say', group: 'How often' },
  { key: 'sum', words: 'with a sum of', about: 'all values of a property together', group: 'A property' },
  { key: 'avg', words: 'with an average', about: 'the average of a property', group: 'A property' },
  { key: 'min', words: 'with a smallest', about: 'the smallest value of a property', group: 'A property' },
  { key: 'max', words: 'with a largest', about: 'the largest value of a property', group: 'A property' },
  {
    key: 'distinct',
    words: 'different values of',
    about: 'how many different values of a property',
    group: 'A property',
  },
  { key: 'first', words: 'the first time with', about: 'what holds for the first of them', group: 'First and last' },
  { key: 'last', words: 'the last time with', about: 'what holds for the last of them', group: 'First and last' },
] as const;
export type MeasureKey = (typeof measures)[number]['key'];

export const isMeasure = (key: string): key is MeasureKey => measures.some((m) => m.key === key);

/** The measure of an activity; undefined when it has none of its own, which is at least once. */
export const measureOf = (condition: Condition): MeasureKey | undefined => Object.keys(condition).find(isMeasure);

/** The comparison among the keys of a measure; undefined unless it is exactly one that can be shown. */
export function compareOf(measure: Json | undefined): CompareKey | undefined {
  if (!isObject(measure)) return undefined;
  const found = compares.filter(({ key }) => key in measure);
  const [only] = found;
  if (!only || found.length > 1) return undefined;
  const value = measure[only.key];
  const shown =
    only.key === 'between' ? Array.isArray(value) && value.length === 2 && value.every(isScalar) : isScalar(value);
  return shown ? only.key : undefined;
}

/** The measure with another comparison; its numbers stay. */
export function withCompare(measure: { [key: string]: Json }, to: CompareKey): { [key: string]: Json } {
  const from = compareOf(measure);
  if (!from || from === to) return measure;
  const value = measure[from] as Json;
  const one = Array.isArray(value) ? (value[0] as Json) : value;
  const next = to === 'between' ? [one, typeof one === 'number' ? one + 2 : one] : one;
  return Object.fromEntries(Object.entries(measure).map(([k, v]) => (k === from ? [to, next] : [k, v])));
}

const never = { exactly: 0 };
export const isNever = (count: Json | undefined) =>
  isObject(count) && count.exactly === 0 && Object.keys(count).length === 1;

/** The condition with another measure, its comparison and property kept as far as they fit; undefined takes it away. */
export function withMeasure(condition: Condition, to: MeasureKey | 'never' | undefined): Condition {
  const from = measureOf(condition);
  if (to === undefined) return from ? withKey(condition, from, undefined) : condition;
  if (to === 'never') return withMeasureOf(condition, from, 'count', never);
  if (from === to && !(to === 'count' && isNever(condition.count))) return condition;
  const before = from && isObject(condition[from]) ? (condition[from] as { [key: string]: Json }) : {};
  return withMeasureOf(condition, from, to, measureFor(to, before));
}

function measureFor(to: MeasureKey, before: { [key: string]: Json }): { [key: string]: Json } {
  const kept = compareOf(before);
  const compare: { [key: string]: Json } =
    kept && !isNever(before) && !('of_last' in before) ? { [kept]: before[kept] as Json } : { at_least: 2 };
  switch (to) {
    case 'count':
    case 'days':
      return compare;
    case 'first':
    case 'last':
      return { where: before.where ?? [{ property: '', op: 'exists' }] };
    case 'regularly':
      return { period: '7d', of_last: 4, times: 1, at_least: 3 };
  }
  return { of: before.of ?? '', ...compare };
}

function withMeasureOf(condition: Condition, from: string | undefined, to: string, measure: Json): Condition {
  // regularly has its own periods, and no window beside them
  const base = to === 'regularly' ? withKey(condition, 'when', undefined) : condition;
  return withKey(from ? withKey(base, from, undefined) : base, to, measure);
}
