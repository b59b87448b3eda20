import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diff } from './diff';

it('shows what changed of a sentence, and what stayed', () => {
  expect(diff('opened an email in the last 30 days', 'opened an email in the last 14 days')).toEqual([
    { kind: 'same', text: 'opened an email in the last' },
    { kind: 'gone', text: ' 30' },
    { kind: 'new', text: ' 14' },
    { kind: 'same', text: ' days' },
  ]);
  expect(diff('', 'plan is pro')).toEqual([{ kind: 'new', text: 'plan is pro' }]);
});

it('has both sentences whole in it, and nothing else', () => {
  const sentence = fc.array(fc.constantFrom('plan', 'is', 'pro', 'and', '30')).map((words) => words.join(' '));
  fc.assert(
    fc.property(sentence, sentence, (before, after) => {
      const text = (...kinds: string[]) =>
        diff(before, after)
          .filter((p) => kinds.includes(p.kind))
          .map((p) => p.text.trim())
          .join(' ')
          .replace(/\s+/g, ' ')
          .trim();
      expect(text('same', 'gone')).toBe(before);
      expect(text('same', 'new')).toBe(after);
    }),
  );
});
