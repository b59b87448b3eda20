import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, Json } from '../definition/condition';
import { activity, attribute, inner, leaf, sequence, when } from './arbitrary';
import { covered } from './cover';
import { durationWords, readDuration } from './duration';
import { escapePattern, readNumber, readValue, withKey } from './edit';
import { readInner, writeInner } from './inner';
import { linesOf } from './lines';
import { compares, isMeasure, measures, withCompare, withMeasure } from './measure';
import { readMoment, writeMoment } from './moment';
import { toggleNever } from './never';
import { operators, withOperator } from './operator';
import { addStep, moveStep, removeStep, setLastNot, setStep, stepsOf } from './steps';
import { suggested } from './suggested';
import { windowKind, windows, withWindow } from './window';

const today = '2026-11-24';

/** Both conditions without some keys. */
const expectSameBut = (a: Condition, b: Condition, ...keys: string[]) => {
  const rest = (c: Condition) => Object.fromEntries(Object.entries(c).filter(([key]) => !keys.includes(key)));
  expect(rest(b)).toEqual(rest(a));
};

test('another operator leaves everything else, and the form can go on with it', () => {
  fc.assert(
    fc.property(attribute, fc.constantFrom(...operators), (condition, { op }) => {
      const next = withOperator(condition, op, today);
      expectSameBut(condition, next, 'op', 'value', 'match_case');
      expect(next.op).toBe(op);
      expect(covered(next)).toBe(true);
    }),
  );
});

test.each<[string, Json | undefined, string, Json | undefined]>([
  ['is', 'pro', 'is_any_of', ['pro']],
  ['is_any_of', ['pro', 'team'], 'is', 'pro'],
  ['is_any_of', ['pro', 'team'], 'is_none_of', ['pro', 'team']],
  ['is', '42', 'greater_than', 42],
  ['greater_than', 42, 'between', [42, 42]],
  ['within_last', '30d', 'more_than_ago', '30d'],
  ['before', '2026-03-01', 'on', '2026-03-01'],
  ['before', 1_795_531_924, 'on', today],
  ['is', 'pro', 'exists', undefined],
])('%s %j as %s is %j', (op, value, to, expected) => {
  const next = withOperator({ attribute: 'x', op, ...(value === undefined ? {} : { value }) }, to, today);
  expect(next.value).toEqual(expected);
});

test('another measure leaves everything but the measure, and the window where it has no place', () => {
  fc.assert(
    fc.property(activity, fc.constantFrom(...measures, undefined), (condition, to) => {
      const next = withMeasure(condition, to?.key);
      const from = Object.keys(condition).filter(isMeasure);
      expectSameBut(condition, next, ...from, ...(to ? [to.key] : []), ...(to?.key === 'regularly' ? ['when'] : []));
      expect(Object.keys(next).filter(isMeasure)).toEqual(to ? [to.key] : []);
      expect(covered(next)).toBe(true);
    }),
  );
});

test('another comparison keeps the number and the property', () => {
  fc.assert(
    fc.property(fc.constantFrom(...compares), ({ key }) => {
      expect(withCompare({ of: 'total', at_least: 3 }, key)).toEqual({
        of: 'total',
        [key]: key === 'between' ? [3, 5] : 3,
      });
    }),
  );
});

test('never and at least once turn into each other', () => {
  const once = { event: 'x', when: { last: '7d' } };
  expect(toggleNever(once)).toEqual({ ...once, count: { exactly: 0 } });
  expect(toggleNever(toggleNever(once))).toEqual(once);
});

test('another kind of window is one, and the same kind is the same window', () => {
  fc.assert(
    fc.property(when, fc.constantFrom(...windows), (before, { kind }) => {
      const next = withWindow(before, kind, today);
      expect(windowKind(next)).toBe(kind);
      if (windowKind(before) === kind) expect(next).toBe(before);
    }),
  );
});

test('conditions over properties are written as they were', () => {
  fc.assert(
    fc.property(inner, (value) => {
      const read = readInner(value);
      expect(read && writeInner(read)).toEqual(value);
    }),
  );
  expect(writeInner({ quantifier: 'all', of: [], form: 'list' })).toBeUndefined();
});

test('steps are changed, moved, added and taken away without touching the others', () => {
  fc.assert(
    fc.property(sequence, fc.nat(), (condition, n) => {
      const steps = stepsOf(condition);
      const i = n % steps.length;
      expect(stepsOf(setStep(condition, i, { event: 'new' })).filter((_, j) => j !== i)).toEqual(
        steps.filter((_, j) => j !== i),
      );
      expect(
        stepsOf(
          removeStep(
            addStep(condition, { event: 'new' }),
            stepsOf(addStep(condition, { event: 'new' })).findIndex((s) => s.event === 'new'),
          ),
        ),
      ).toEqual(steps);
      for (const by of [-1, 1] as const) expect(covered(moveStep(condition, i, by))).toBe(true);
      const moved = moveStep(condition, i, 1);
      if (i + 1 < steps.length) expect(moveStep(moved, i + 1, -1)).toEqual(condition);
      expect(covered(setLastNot(condition, n % 2 === 0))).toBe(true);
    }),
  );
  expect(setLastNot({ sequence: [{ event: 'a' }, { event: 'b' }] }, true)).toEqual({
    sequence: [{ event: 'a' }, { not: { event: 'b' } }],
    within: '7d',
  });
});

test('a key stays in its place', () => {
  fc.assert(
    fc.property(leaf, (condition) => {
      for (const [key, value] of Object.entries(condition)) {
        expect(Object.entries(withKey(condition, key, value))).toEqual(Object.entries(condition));
        expectSameBut(condition, withKey(condition, key, undefined), key);
      }
    }),
  );
});

test('a duration in words is the same duration', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom('s', 'm', 'h', 'd', 'w'), (n, unit) => {
      expect(readDuration(durationWords(`${n}${unit}`))).toBe(`${n}${unit}`);
    }),
  );
});

test.each([
  ['14 days', '14d'],
  ['2 weeks', '2w'],
  ['a month', '30d'],
  ['3 months', '90d'],
  ['1 hr', '1h'],
  ['90 min', '90m'],
  ['day', '1d'],
  ['14', '14h'],
  ['soon', 'soon'],
  ['', ''],
])('%j is the duration %j', (text, expected) => {
  expect(readDuration(text, '1h')).toBe(expected);
});

test('a moment on the clock of a zone is the same moment', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'America/St_Johns'];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e9 }), fc.constantFrom(...zones), (seconds, zone) => {
      const at = new Date(seconds * 1000);
      const moment = readMoment(at.toISOString(), zone);
      const back = new Date(writeMoment(moment?.local ?? '', zone)).getTime();
      // the hour that comes twice in autumn is read as one of the two
      expect(Math.abs(back - at.getTime()) % 3_600_000 === 0 && Math.abs(back - at.getTime()) <= 3_600_000).toBe(true);
    }),
  );
  expect(readMoment('2026-11-01T09:00:00Z', 'Europe/Berlin')).toEqual({ precision: 'time', local: '2026-11-01T10:00' });
  expect(writeMoment('2026-07-01T10:00', 'Europe/Berlin')).toBe('2026-07-01T08:00:00Z');
  expect(readMoment(1_795_531_924, 'UTC')?.local).toBe('2026-11-24T14:52:04');
  expect(readMoment('2026-03-01', 'Asia/Kolkata')).toEqual({ precision: 'day', local: '2026-03-01' });
  expect(readMoment('last tuesday', 'UTC')).toBeUndefined();
});

test.each<[string, Json | undefined, string[], Json]>([
  ['42', 41, [], 42],
  ['42', '', ['number'], 42],
  ['42', '', ['number', 'text'], '42'],
  ['007', 1, [], '007'],
  ['12345678901234567890', 1, [], '12345678901234567890'],
  ['true', false, [], true],
  ['true', 'x', [], 'true'],
  ['pro', 1, ['number'], 'pro'],
])('%j typed over %j, of types %j, is %j', (text, before, types, expected) => {
  expect(readValue(text, before, types)).toBe(expected);
});

test.each<[string, Json]>([
  ['3', 3],
  ['2.50', 2.5],
  ['3.', 3],
  ['-1', -1],
  ['', ''],
  ['many', 'many'],
  ['9007199254740993', '9007199254740993'],
])('%j is the number %j', (text, expected) => {
  expect(readNumber(text)).toBe(expected);
});

test('what is picked stands for itself in a pattern', () => {
  expect(escapePattern('a+b|c*\\')).toBe('a\\+b\\|c\\*\\\\');
});

test('pasted lines', () => {
  expect(linesOf('a\r\n b \n\nc\td')).toEqual(['a', 'b', 'c', 'd']);
});

test('a suggestion takes the place of a text, or of the name of a key', () => {
  const condition = { attribute: 'plan', op: 'equals', value: 'pro' };
  expect(suggested(condition, { pointer: '/op', suggestion: 'is' })).toEqual({ ...condition, op: 'is' });
  expect(suggested({ event: 'x', wher: [] }, { pointer: '/wher', suggestion: 'where' })).toEqual({
    event: 'x',
    where: [],
  });
  const list = { event: 'x', where: [{ property: 'a', op: 'equal' }] };
  expect(suggested(list, { pointer: '/where/0/op', suggestion: 'is' })).toEqual({
    event: 'x',
    where: [{ property: 'a', op: 'is' }],
  });
  expect(suggested(condition, { pointer: '' })).toBe(condition);
});
