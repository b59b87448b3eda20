// Durations as definitions write them (14d), and in words (14 days).
import type { Json } from '../definition/condition';

const units = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' } as const;
type Unit = keyof typeof units;

/** 14d as 14 days; any other text as it is. */
export function durationWords(value: Json | undefined): string {
  const match = typeof value === 'string' && /^(\d+)([smhdw])$/.exec(value);
  if (!match) return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return `${match[1]} ${units[match[2] as Unit]}${match[1] === '1' ? '' : 's'}`;
}

const words: Record<string, readonly [Unit, number]> = {
  s: ['s', 1],
  sec: ['s', 1],
  second: ['s', 1],
  m: ['m', 1],
  min: ['m', 1],
  minute: ['m', 1],
  h: ['h', 1],
  hr: ['h', 1],
  hour: ['h', 1],
  d: ['d', 1],
  day: ['d', 1],
  w: ['w', 1],
  wk: ['w', 1],
  week: ['w', 1],
  mo: ['d', 30],
  month: ['d', 30],
  quarter: ['d', 90],
  y: ['d', 365],
  year: ['d', 365],
};

/**
 * The duration of a typed text: 14d, 14 days, two weeks as "2 weeks", a month as 30 days. A number alone has the unit
 * that the duration had before. What is none stays as it is, for the server to refuse.
 */
export function readDuration(text: string, before?: Json): string {
  const match = /^(an?|one|\d+)?\s*([a-z]*)\.?$/i.exec(text.trim());
  if (!match || (!match[1] && !match[2])) return text.trim();
  const n = !match[1] || /^(an?|one)$/i.test(match[1]) ? 1 : Number(match[1]);
  const name = (match[2] as string).toLowerCase();
  if (!name) return `${n}${typeof before === 'string' && /^\d+[smhdw]$/.test(before) ? before.at(-1) : 'd'}`;
  const unit = words[name] ?? words[name.replace(/s$/, '')];
  return unit ? `${n * unit[1]}${unit[0]}` : text.trim();
}

export const usualDurations = ['1d', '7d', '14d', '30d', '60d', '90d', '180d', '365d'] as const;
export const shortDurations = ['10m', '30m', '1h', '6h', '1d', '3d', '7d', '30d'] as const;
export const usualDays = ['0d', '1d', '3d', '7d', '14d', '30d'] as const;
