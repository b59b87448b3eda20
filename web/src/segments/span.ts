import type { Span } from './api';
import type { Range } from './search';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What a curve is drawn over: how long, in which steps. */
export const spans: Record<Range, { length: number; step: number; name: string; label: string }> = {
  '24h': { length: day, step: 15 * minute, name: '15m', label: '24 hours' },
  '7d': { length: 7 * day, step: 2 * hour, name: '2h', label: '7 days' },
  '30d': { length: 30 * day, step: day, name: '1d', label: '30 days' },
  '90d': { length: 90 * day, step: day, name: '1d', label: '90 days' },
};

/** The span of a curve that ends now; its steps end at whole hours, or at the midnights of a zone. */
export function spanOf(range: Range, zone: string, now: number): Span {
  const { length, step, name } = spans[range];
  const since = step === day ? sinceMidnight(now, zone) : now % step;
  return { from: new Date(now - since - length + step).toISOString(), step: name };
}

/** How long the day has been going on in a zone. */
export function sinceMidnight(now: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(now);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0);
  return part('hour') * hour + part('minute') * minute + part('second') * 1000 + (now % 1000);
}

/** Round numbers that an axis from low to high is marked with: at most so many. */
export function ticks(low: number, high: number, most = 4): number[] {
  if (high <= low) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = power > 1 ? [1, 2, 2.5, 5, 10] : [1, 2, 5, 10]; // nobody is half a person
  const step = Math.max(1, (round.find((n) => n * power >= rough) ?? 10) * power);
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step + 1e-9) + 1 }, (_, i) => first + i * step);
}

/** Up to so many moments, evenly from the start to the end, neither of them left out. */
export function evenly(from: number, to: number, n: number): number[] {
  return to <= from ? [] : Array.from({ length: n }, (_, i) => Math.round(from + ((to - from) * i) / (n - 1)));
}
