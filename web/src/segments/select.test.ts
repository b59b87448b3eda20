import { describe, expect, it } from 'vitest';
import type { Segment } from './api';
import { changeOver, select, tagsOf } from './select';

const now = Date.parse('2026-11-24T12:00:00Z');
const segment = (name: string, more: Partial<Segment> = {}): Segment => ({
  id: `seg_${name}`,
  key: name,
  alias: 1,
  name,
  description: '',
  tags: [],
  kind: 'dynamic',
  state: 'live',
  progress: 1,
  count: 0,
  version: 1,
  serving: 1,
  used_in: [],
  campaigns: [],
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  ...more,
});
const all = [
  segment('b10', { count: 5, tags: ['x'] }),
  segment('B9', { count: 50, sentence: 'plan is Été', kind: 'manual' }),
  segment('a', { count: 5, state: 'paused', tags: ['x', 'y'] }),
];
const names = (segments: Segment[]) => segments.map((s) => s.name);

describe('select', () => {
  it('sorts names as people read them, and numbers with the name behind', () => {
    expect(names(select(all, {}, () => 0))).toEqual(['a', 'B9', 'b10']);
    expect(names(select(all, { sort: '-name' }, () => 0))).toEqual(['b10', 'B9', 'a']);
    expect(names(select(all, { sort: '-count' }, () => 0))).toEqual(['B9', 'a', 'b10']);
    expect(names(select(all, { sort: 'count' }, () => 0))).toEqual(['a', 'b10', 'B9']);
  });

  it('puts what is not known last, whichever way it sorts', () => {
    const change = (s: Segment) => ({ a: undefined, B9: -3, b10: 7 })[s.name];
    expect(names(select(all, { sort: '-change' }, change))).toEqual(['b10', 'B9', 'a']);
    expect(names(select(all, { sort: 'change' }, change))).toEqual(['B9', 'b10', 'a']);
  });

  it('finds every word, in the name, the sentence or a tag, in any case', () => {
    expect(names(select(all, { search: 'ÉTÉ b9' }, () => 0))).toEqual(['B9']);
    expect(names(select(all, { search: 'y' }, () => 0))).toEqual(['a']);
    expect(names(select(all, { search: 'b9 y' }, () => 0))).toEqual([]);
  });

  it('filters by all that is asked', () => {
    expect(names(select(all, { tag: 'x', state: 'paused' }, () => 0))).toEqual(['a']);
    expect(names(select(all, { kind: 'manual' }, () => 0))).toEqual(['B9']);
  });
});

describe('changeOver', () => {
  const counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  it('compares with the count so many days ago', () => {
    expect(changeOver(7, segment('s', { count: 12 }), counts, now)).toBe(9);
  });
  it('says nothing of what was not there, or is not known', () => {
    expect(changeOver(7, segment('s', { created_at: '2026-11-20T00:00:00Z' }), counts, now)).toBeUndefined();
    expect(changeOver(7, segment('s'), [1, 2], now)).toBeUndefined();
    expect(changeOver(7, segment('s'), undefined, now)).toBeUndefined();
  });
});

it('lists the tags in use, most used first', () => {
  expect(tagsOf(all)).toEqual(['x', 'y']);
});
