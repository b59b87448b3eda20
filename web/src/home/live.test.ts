import { expect, test } from 'vitest';
import type { Entry } from './api';
import { arrive, kept, nothing, pause, resume } from './live';

const entries = (from: number, n: number): Entry[] =>
  Array.from({ length: n }, (_, i) => ({
    seq: from + i,
    at: '2026-11-24T00:00:00Z',
    kind: 'event',
    name: '',
    person: '',
    id: '',
    email: '',
  }));
const seqs = (items: readonly Entry[]) => items.map((e) => e.seq);

test('the newest is first, and each has a number of its own', () => {
  const live = arrive(arrive(nothing, entries(1, 2)), [...entries(3, 1), ...entries(3, 1)]);
  expect(seqs(live.shown)).toEqual([3, 3, 2, 1]);
  expect(new Set(live.shown.map((e) => e.n)).size).toBe(4);
});

test('what comes while paused waits, and is counted, and is shown on going on', () => {
  let live = arrive(pause(arrive(nothing, entries(1, 1))), entries(2, 2));
  expect([seqs(live.shown), live.missed]).toEqual([[1], 2]);
  live = resume(live);
  expect([seqs(live.shown), live.missed, live.waiting.length]).toEqual([[3, 2, 1], 0, 0]);
});

test('memory is bounded, and what was missed is counted all the same', () => {
  let live = arrive(nothing, entries(1, kept + 10));
  expect([live.shown.length, live.shown[0]?.seq]).toEqual([kept, kept + 10]);
  live = arrive(pause(live), entries(1000, 2 * kept));
  expect([live.shown.length, live.waiting.length, live.missed]).toEqual([kept, kept, 2 * kept]);
  live = resume(live);
  expect([live.shown.length, live.shown[0]?.seq]).toEqual([kept, 999 + 2 * kept]);
});
