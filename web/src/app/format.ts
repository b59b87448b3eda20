// How numbers and moments are written: by Intl, in the reader's language and the workspace's time zone.
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { sessionQuery } from '../session/api';

const language = () => navigator.language;

export const number = (n: number) => new Intl.NumberFormat(language()).format(n);
/** 12,345 as 12.3K. */
export const compact = (n: number) =>
  new Intl.NumberFormat(language(), { notation: 'compact', maximumFractionDigits: 1 }).format(n);
/** A number at an axis, as short as it can be written whole. */
export const axis = (n: number) =>
  Math.abs(n) < 10_000
    ? number(n)
    : new Intl.NumberFormat(language(), { notation: 'compact', maximumFractionDigits: 3 }).format(n);
/** A part of a whole as 6.1 %; an empty whole has no parts. */
export const percent = (part: number, whole: number) =>
  new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 1 }).format(
    whole > 0 ? part / whole : 0,
  );
/** +12, −3 or 0. */
export const signed = (n: number) => new Intl.NumberFormat(language(), { signDisplay: 'exceptZero' }).format(n);
/** 11,800,000 as 11.8 MB: the units of a disk, a thousand each. */
export function bytes(n: number) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(n, 1)) / 3)));
  return new Intl.NumberFormat(language(), {
    style: 'unit',
    unit: units[at],
    unitDisplay: at === 0 ? 'long' : 'short', // 287 bytes, 1 byte
    maximumFractionDigits: 1,
  }).format(n / 1000 ** at);
}
/** One person, 2 people. */
export const count = (n: number, one: string, many: string) => `${number(n)} ${n === 1 ? one : many}`;

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** 3 minutes ago, in 2 days. */
export function relative(moment: string | number | Date, now = Date.now()) {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return String(moment);
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

/** The time zone of the workspace one is in. */
export function useZone(): string {
  const { workspace } = useParams({ strict: false });
  const session = useQuery(sessionQuery).data;
  return session?.workspaces?.find((m) => m.workspace.id === workspace)?.workspace.time_zone ?? 'UTC';
}

/** A moment by Intl; one beyond what a browser can reckon with stays as the server wrote it. */
function written(at: string | number | Date, options: Intl.DateTimeFormatOptions) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : new Intl.DateTimeFormat(language(), options).format(date);
}

/** 12 Nov 2026, 09:14 in a zone. */
export const moment = (at: string | number | Date, zone: string) =>
  written(at, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone });
/** 12 Nov 2026, 09:14 (Europe/Berlin): a moment whole, where it is shown short. */
export const whole = (at: string | number | Date, zone: string) => `${moment(at, zone)} (${zone})`;
export const day = (at: string | number | Date, zone: string) => written(at, { dateStyle: 'medium', timeZone: zone });
/** 12 Nov, 09:14; with the year when it is not this one. */
export function brief(at: string | number | Date, zone: string) {
  const year = (t: string | number | Date) => written(t, { year: 'numeric', timeZone: zone });
  return written(at, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
    ...(year(at) !== year(Date.now()) && { year: 'numeric' }),
  });
}
/** 09:14:05. */
export const clock = (at: string | number | Date, zone: string) => written(at, { timeStyle: 'medium', timeZone: zone });
/** Thursday 12 November 2026. */
export const longDay = (at: string | number | Date, zone: string) => written(at, { dateStyle: 'full', timeZone: zone });
/** 09:14. */
export const clockMinute = (at: number, zone: string) => written(at, { timeStyle: 'short', timeZone: zone });
