import { expect, test } from 'vitest';
import { momentOf, visible } from './reading';

test.each([
  ['2026-11-12T09:14:00Z', 'x', Date.UTC(2026, 10, 12, 9, 14)],
  ['2026-11-12 09:14:00', 'x', Date.UTC(2026, 10, 12, 9, 14)],
  ['2026-11-12T09:14:00+02:00', 'x', Date.UTC(2026, 10, 12, 7, 14)],
  ['2026-11-12', 'created_at', undefined],
  ['9999-99-99T99:99:99Z', 'x', undefined],
  ['1700000000', 'created_at', undefined],
  [1_700_000_000, 'created_at', 1_700_000_000_000],
  [1_700_000_000_000, 'trialEndsAt', 1_700_000_000_000],
  [1_700_000_000, 'total', undefined],
  [42, 'created_at', undefined],
  [Number.MAX_VALUE, 'created_at', undefined],
] as const)('%j under the name %s is the moment %j', (value, name, at) => {
  expect(momentOf(value, name)).toBe(at);
});

test('what hides or turns the text around is shown as what it is; scripts and emoji are left alone', () => {
  expect(visible('a\u202egnp.exe\u0000')).toBe('a␣202egnp.exe␣0000');
  expect(visible('👩‍👧 עברית\n')).toBe('👩‍👧 עברית\n');
});
