import { expect, test } from 'vitest';
import { definitionOf } from '../definition/halves';
import { mute } from '../definition/tree';
import { draftOf, fromPlain, isEmpty, toPlain } from './draft';
import { pack, sameDraft, unpack } from './draft_address';

const definition = { all: [{ attribute: 'plan', op: 'is', value: 'ünï "q"' }, { none: [{ segment: 'x' }] }] };
const draft = draftOf({ name: 'A', description: 'B', tags: ['t'], definition });

test('a draft goes through an address and comes out as it was', async () => {
  const packed = await pack(draft);
  expect(packed).toMatch(/^z[A-Za-z0-9_-]+$/);
  const again = await unpack(packed);
  expect(again && toPlain(again)).toEqual(toPlain(draft));
  expect(again && definitionOf(again.halves)).toEqual(definition);
});

test('what is muted is muted after the address too', async () => {
  const { halves } = draft;
  const [first] = halves.include.children;
  const include = mute(halves.include, first?.id ?? '', true) as typeof halves.include;
  const muted = { ...draft, halves: { ...halves, include } };
  const again = await unpack(await pack(muted));
  expect(again?.halves.include.children[0]?.muted).toBe(true);
  expect(sameDraft(muted, draft)).toBe(false);
});

test('plain JSON is a draft as well', async () => {
  expect(await unpack(JSON.stringify(toPlain(draft)))).toMatchObject({ name: 'A' });
  expect(await unpack(toPlain(draft))).toMatchObject({ name: 'A' });
});

test.each([
  'z',
  'zAAAA',
  'znot-deflated',
  '{',
  'null',
  '{"include": 1}',
  '{"include": {"none": []}, "exclude": {"any": []}}',
  '{"include": {"segment": "x"}, "exclude": {"any": []}}',
])('%j is no draft', async (text) => {
  expect(await unpack(text)).toBeUndefined();
});

test('a bomb is not unfolded', async () => {
  const name = 'x'.repeat(5_000_000);
  expect(await unpack(await pack({ ...draft, name }))).toBeUndefined();
});

test('anything but a plain draft is refused, and what it lacks is empty', () => {
  expect(fromPlain([])).toBeUndefined();
  const bare = fromPlain({ include: { all: [] }, exclude: { any: [] }, name: 3, tags: ['a', 1] });
  expect(bare).toMatchObject({ name: '', description: '', tags: ['a'] });
  expect(bare && isEmpty(bare.halves)).toBe(true);
});
