// What came in, live, in a memory of bounded size. While it is paused, what comes waits; it is shown on going on.
import type { Entry } from './api';

/** An entry with a number of its own: those of one batch share their seq. */
export interface Item extends Entry {
  readonly n: number;
}

export interface Live {
  readonly paused: boolean;
  /** The newest first, at most kept. */
  readonly shown: readonly Item[];
  /** What came while paused, the newest first, at most kept. */
  readonly waiting: readonly Item[];
  /** How many came while paused, also those that are kept no longer. */
  readonly missed: number;
  readonly next: number;
}

/** Entries that are kept. */
export const kept = 500;

export const nothing: Live = { paused: false, shown: [], waiting: [], missed: 0, next: 0 };

/** Adds what came, the oldest of it first. */
export function arrive(live: Live, entries: readonly Entry[]): Live {
  const items = entries.map((entry, i) => ({ ...entry, n: live.next + i })).reverse();
  const next = live.next + entries.length;
  if (!live.paused) return { ...live, next, shown: [...items, ...live.shown].slice(0, kept) };
  return { ...live, next, waiting: [...items, ...live.waiting].slice(0, kept), missed: live.missed + entries.length };
}

export const pause = (live: Live): Live => ({ ...live, paused: true });

/** Shows what waited, and goes on. */
export const resume = (live: Live): Live => ({
  ...live,
  paused: false,
  shown: [...live.waiting, ...live.shown].slice(0, kept),
  waiting: [],
  missed: 0,
});
