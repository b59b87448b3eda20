import { expect, it } from 'vitest';
import type { Condition } from '../definition/condition';
import { definitionOf, nameOf, partsOf } from './region';
import { calls, languages, snippet } from './snippet';
import { evenly, sinceMidnight, spanOf, ticks } from './span';
import { yaml } from './yaml';

it('writes YAML that reads back as the same: only plain words go without quotes', () => {
  const definition: Condition = {
    all: [
      { attribute: 'plan', op: 'is_any_of', value: ['pro', 'yes', '007', 'a: b', ' x', '2026-03-01', ''] },
      { event: 'Order Completed', count: { at_least: 3 }, when: { last: '30d' } },
      { none: [{ segment: 'null' }] },
      { attribute: 'seats', op: 'is', value: 4.5 },
      { attribute: 'ok', op: 'is', value: true },
    ],
  };
  expect(yaml(definition)).toBe(`all:
  - attribute: plan
    op: is_any_of
    value:
      - pro
      - "yes"
      - "007"
      - "a: b"
      - " x"
      - "2026-03-01"
      - ""
  - event: Order Completed
    count:
      at_least: 3
    when:
      last: "30d"
  - none:
      - segment: "null"
  - attribute: seats
    op: is
    value: 4.5
  - attribute: ok
    op: is
    value: true
`);
  expect(yaml([])).toBe('[]\n');
  expect(yaml({})).toBe('{}\n');
});

it('makes a definition of exactly a part', () => {
  const sets = ['a', 'b', 'c'].map((key) => ({ id: `seg_${key}`, key, name: key.toUpperCase() }));
  const [largest, ...rest] = partsOf(sets, [
    { segments: ['seg_b'], count: 1 },
    { segments: ['seg_c', 'seg_a'], count: 7 },
    { segments: ['seg_a', 'seg_b', 'seg_c'], count: 2 },
  ]);
  if (!largest) throw new Error('no part');
  expect(largest).toEqual({ id: '0-2', in: [0, 2], count: 7 });
  expect(definitionOf(largest, sets)).toEqual({
    all: [{ segment: 'a' }, { segment: 'c' }, { none: [{ segment: 'b' }] }],
  });
  expect(nameOf(largest, sets)).toBe('In A and C, not in B');
  expect(rest.map((p) => definitionOf(p, sets))).toEqual([
    { all: [{ segment: 'a' }, { segment: 'b' }, { segment: 'c' }] },
    { all: [{ segment: 'b' }, { none: [{ segment: 'a' }, { segment: 'c' }] }] },
  ]);
});

it('names the address and the segment in every snippet of every language', () => {
  for (const call of calls) {
    for (const { id } of languages) {
      expect(snippet(call, id, 'https://carpel.example', 'a b')).toContain(
        `https://carpel.example${call.path('a%20b')}`,
      );
      expect(snippet(call, id, 'https://carpel.example', 'a b')).toContain('CARPEL_KEY');
    }
  }
});

it('steps from midnight to midnight of a zone, or at whole hours', () => {
  const now = Date.parse('2026-11-24T15:20:30Z');
  expect(sinceMidnight(now, 'UTC')).toBe(now - Date.parse('2026-11-24T00:00:00Z'));
  expect(spanOf('30d', 'Asia/Tokyo', now)).toEqual({ from: '2026-10-26T15:00:00.000Z', step: '1d' });
  expect(spanOf('24h', 'Asia/Tokyo', now)).toEqual({ from: '2026-11-23T15:30:00.000Z', step: '15m' });
});

it('marks an axis with round whole numbers', () => {
  expect(ticks(0, 12)).toEqual([0, 5, 10]);
  expect(ticks(0, 3)).toEqual([0, 1, 2, 3]);
  expect(ticks(4, 4)).toEqual([4]);
  expect(ticks(980, 1020)).toEqual([980, 990, 1000, 1010, 1020]);
  expect(evenly(0, 10, 3)).toEqual([0, 5, 10]);
  expect(evenly(10, 10, 3)).toEqual([]);
});
