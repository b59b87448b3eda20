// Moments as definitions write them: a bare date, which is its midnight in the workspace's time zone, or a time with
// an offset; seconds since 1970 come from programs. They are shown and edited on the clock of the workspace.
import type { Json } from '../definition/condition';

interface Moment {
  readonly precision: 'day' | 'time';
  /** As fields of type date and datetime-local write it: 2026-03-01, 2026-03-01T14:00. */
  readonly local: string;
}

/** How a value stands in a date or time field; undefined for what these cannot show. */
export function readMoment(value: Json | undefined, zone: string): Moment | undefined {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value))
    return Number.isNaN(Date.parse(value)) ? undefined : { precision: 'day', local: value };
  const at = instant(value);
  return at === undefined || !Number.isFinite(at) || Math.abs(at) > 8.64e15
    ? undefined
    : { precision: 'time', local: localOf(at, zone) };
}

function instant(value: Json | undefined): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  if (/^\d{9,13}$/.test(text)) return Number(text) * (Number(text) < 1e11 ? 1000 : 1);
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match || (!match[3] && !text.includes(' '))) return undefined;
  return Date.parse(`${match[1]}T${match[2]}${(match[3] ?? 'Z').toUpperCase()}`);
}

/** The wall clock of a zone at an instant. */
function localOf(at: number, zone: string): string {
  const shifted = new Date(at + offset(at, zone)).toISOString();
  return shifted.slice(0, shifted.endsWith(':00.000Z') ? 16 : 19);
}

/** How far a zone's clock is ahead of UTC, in milliseconds. */
function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

/** The value of a date or time field: a date as it is, a time as the instant that it is in a zone. */
export function writeMoment(local: string, zone: string): string {
  if (!local.includes('T')) return local;
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall)) return local;
  const guess = wall - offset(wall, zone);
  const at = wall - offset(guess, zone);
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Today's date in a zone. */
export const todayIn = (zone: string, now = Date.now()) => localOf(now, zone).slice(0, 10);
