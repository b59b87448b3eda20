import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offsetOf, pointerPlace, syntaxFault, textPlace } from './json_place';

const json = '{\n  "all": [\n    {"a/b": "x,}", "op": "is"},\n    {"n": [1, -2.5e3, null]}\n  ]\n}';

test.each([
  ['', 1, 1],
  ['/all', 2, 10],
  ['/all/0/op', 3, 26],
  ['/all/0/a~1b', 3, 13],
  ['/all/1/n/2', 4, 23],
  ['/all/1/missing/deep', 4, 5],
] as const)('%j stands in line %d, column %d', (pointer, line, column) => {
  expect(pointerPlace(json, pointer)).toMatchObject({ line, column });
});

test('every value of any JSON is found, however it is written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const look = (v: unknown, pointer: string) => {
        expect(text.startsWith(begins(v), pointerPlace(text, pointer).offset)).toBe(true);
        if (typeof v !== 'object' || v === null) return;
        for (const [key, x] of Object.entries(v))
          look(x, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      };
      look(value, '');
    }),
  );
});

const begins = (v: unknown) => (Array.isArray(v) ? '[' : typeof v === 'object' && v !== null ? '{' : JSON.stringify(v));

test('a place is the offset of its line and column, whatever the characters', () => {
  const text = 'a\n👩b\n\nc';
  expect(offsetOf(text, 2, 2)).toBe(text.indexOf('b'));
  expect(textPlace(text, text.indexOf('c'))).toMatchObject({ line: 4, column: 1 });
});

test.each([
  ['{"a": [', 1, 8, 'a value'],
  ['{\n "a": x}', 2, 7, 'a value'],
  ['{"a" 1}', 1, 6, 'a colon'],
  ['{a: 1}', 1, 2, 'a name'],
  ['[1 2]', 1, 4, 'a comma or ]'],
  ['[1,]', 1, 4, 'a value'],
  ['{} x', 1, 4, 'the end'],
  ['"a\n"', 1, 1, 'a value'],
  ['', 1, 1, 'a value'],
])('%j breaks off in line %d, column %d', (text, line, column, message) => {
  const fault = syntaxFault(text);
  expect(fault?.place).toMatchObject({ line, column });
  expect(fault?.message).toContain(message);
});

test('a fault is found exactly where there is one', () => {
  const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', '0', ' ', '\\', 'e'));
  fc.assert(
    fc.property(broken, ([text, at, by]) => {
      const i = at % (text.length + 1);
      const changed = text.slice(0, i) + by + text.slice(i + (by === '' ? 1 : 0));
      let valid = true;
      try {
        JSON.parse(changed);
      } catch {
        valid = false;
      }
      expect(syntaxFault(changed) === undefined).toBe(valid);
    }),
    { numRuns: 2000 },
  );
});
