// The windows of time of an activity: their words, and what becomes of one when another kind is chosen.
import type { Json } from '../definition/condition';
import { isObject, isScalar } from './edit';

/** A kind of window as it is chosen: this and previous with their period. */
export type WindowKind =
  | 'ever'
  | 'last'
  | 'before_last'
  | 'between'
  | 'from'
  | 'before'
  | 'dates'
  | 'last_calendar_days'
  | `this:${Period}`
  | `previous:${Period}`;
const periods = ['day', 'week', 'month', 'quarter', 'year'] as const;
type Period = (typeof periods)[number];

interface WindowChoice {
  readonly kind: WindowKind;
  readonly words: string;
  /** As the list of windows names it, where that says more than the words alone. */
  readonly name?: string;
  readonly group: string;
}

export const windows: readonly WindowChoice[] = [
  { kind: 'last', words: 'in the last', name: 'in the last … days', group: 'Up to now' },
  { kind: 'before_last', words: 'more than', name: 'more than … days ago', group: 'Up to now' },
  { kind: 'between', words: 'between', name: 'between … and … days ago', group: 'Up to now' },
  { kind: 'this:day', words: 'today', group: 'Calendar' },
  { kind: 'previous:day', words: 'yesterday', group: 'Calendar' },
  ...(['week', 'month', 'quarter', 'year'] as const).flatMap((period): WindowChoice[] => [
    { kind: `this:${period}`, words: `this ${period}`, group: 'Calendar' },
    { kind: `previous:${period}`, words: `in the previous ${period}`, group: 'Calendar' },
  ]),
  { kind: 'last_calendar_days', words: 'today or on the', name: 'today or on the … days before', group: 'Calendar' },
  { kind: 'from', words: 'since', name: 'since a date', group: 'Dates' },
  { kind: 'before', words: 'before', name: 'before a date', group: 'Dates' },
  { kind: 'dates', words: 'from', name: 'from one date until before another', group: 'Dates' },
  { kind: 'ever', words: 'ever', group: 'Always' },
];

/** The kind of a window; undefined for what is none that can be shown. */
export function windowKind(when: Json | undefined): WindowKind | undefined {
  if (when === undefined) return 'ever';
  if (!isObject(when)) return undefined;
  const keys = Object.keys(when);
  if (keys.length === 2 && isScalar(when.from) && isScalar(when.before)) return 'dates';
  const [key] = keys;
  if (key === undefined || keys.length > 1) return undefined;
  const value = when[key];
  switch (key) {
    case 'last':
    case 'before_last':
    case 'from':
    case 'before':
    case 'last_calendar_days':
      return isScalar(value) ? key : undefined;
    case 'between':
      return Array.isArray(value) && value.length === 2 && value.every(isScalar) ? 'between' : undefined;
    case 'this':
    case 'previous':
      return periods.some((p) => p === value) ? `${key}:${value as Period}` : undefined;
  }
  return undefined;
}

/** A window of another kind, with the durations and dates of the one before as far as it has them. */
export function withWindow(
  when: Json | undefined,
  kind: WindowKind,
  today: string,
): { [key: string]: Json } | undefined {
  if (windowKind(when) === kind) return when as { [key: string]: Json };
  const before = isObject(when) ? when : {};
  const between = Array.isArray(before.between) ? before.between : [];
  const long = before.last ?? before.before_last ?? between[0] ?? '30d';
  switch (kind) {
    case 'ever':
      return undefined;
    case 'last':
      return { last: long };
    case 'before_last':
      return { before_last: long };
    case 'between':
      return { between: long === '30d' ? ['60d', '30d'] : [long, '1d'] };
    case 'from':
      return { from: before.from ?? before.before ?? today };
    case 'before':
      return { before: before.before ?? before.from ?? today };
    case 'dates':
      return { from: before.from ?? today, before: before.before ?? dayAfter(before.from ?? today) };
    case 'last_calendar_days':
      return { last_calendar_days: 7 };
  }
  const [key, period] = kind.split(':') as [string, string];
  return { [key]: period };
}

function dayAfter(date: Json): string {
  const at = Date.parse(String(date));
  return Number.isNaN(at) ? String(date) : new Date(at + 86_400_000).toISOString().slice(0, 10);
}
