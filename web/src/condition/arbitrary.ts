// Any condition of the language, for tests.
import fc from 'fast-check';
import type { Condition, Json } from '../definition/condition';
import { compares } from './measure';
import { type Operand, operators } from './operator';
import { actionNames, channelNames, platformNames } from './words';

const word = fc.constantFrom(
  'plan',
  'Order Completed',
  'total',
  'a.b',
  '$context.campaign',
  'größe',
  '*',
  '/x',
  'it"s',
  ' ',
);
const scalar = fc.oneof(word, fc.integer({ min: -999, max: 99_999 }), fc.constantFrom(0.5, -1.25), fc.boolean());
const number = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.constant(2.5));
const duration = fc
  .tuple(fc.integer({ min: 1, max: 500 }), fc.constantFrom('s', 'm', 'h', 'd', 'w'))
  .map(([n, unit]) => `${n}${unit}`);
const date = fc.constantFrom('2026-03-01', '2024-02-29', '1999-12-31');
const time = fc.oneof(
  date,
  fc.constantFrom<Json>(
    '2026-03-01T14:00:00Z',
    '2026-03-01 14:00:00',
    '2026-03-01T14:00:07.125+05:30',
    '1795531924',
    1_795_531_924,
  ),
);
const range = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);

const operand: Record<Exclude<Operand, 'item'>, fc.Arbitrary<Json | undefined>> = {
  none: fc.constant(undefined),
  value: scalar,
  values: fc.array(scalar, { minLength: 1, maxLength: 30 }),
  pattern: fc.constantFrom('gmail.com|yahoo.com', 'a*b', 'c\\+d'),
  text: word,
  expression: fc.constantFrom('^a.*z$', '\\d+'),
  number,
  range,
  time,
  date,
  duration,
  days: fc.constantFrom('0d', '7d', '2w'),
};

/** The condition without the keys that are undefined. */
const some = (condition: { [key: string]: Json | undefined }) =>
  Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== undefined)) as Condition;
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

const tests = (item: fc.Arbitrary<Json>) =>
  fc
    .constantFrom(...operators)
    .chain((o) =>
      fc.tuple(
        fc.constant(o.op),
        o.operand === 'item' ? item : operand[o.operand],
        ['value', 'values', 'pattern', 'text', 'expression'].includes(o.operand)
          ? maybe(fc.constant(true))
          : fc.constant(undefined),
      ),
    )
    .map(([op, value, match_case]) => ({ op, value, match_case }));

const plainProperty = fc.tuple(word, scalar).map(([property, value]): Condition => ({ property, op: 'is', value }));

/** Conditions over properties. */
const { inner } = fc.letrec<{ inner: Json; property: Condition; within: Condition }>((tie) => ({
  property: fc
    .tuple(word, tests(fc.array(plainProperty, { minLength: 1, maxLength: 2 })))
    .map(([property, t]) => some({ property, ...t })),
  within: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    tie('property'),
    tie('within').map((not) => ({ not })),
    fc
      .tuple(fc.constantFrom('all', 'any', 'none'), fc.array(tie('within'), { minLength: 1, maxLength: 3 }))
      .map(([q, of]) => ({ [q]: of })),
  ),
  inner: fc.oneof(tie('within'), fc.array(tie('within'), { minLength: 1, maxLength: 3 })),
}));

const attribute = fc
  .tuple(word, tests(inner), maybe(duration))
  .map(([attribute, t, for_]) => some({ attribute, ...t, for: for_ }));

const compare = fc
  .constantFrom(...compares)
  .chain(({ key }) => (key === 'between' ? range : number).map((n) => ({ [key]: n })));
const of = fc.tuple(word, compare).map(([of, c]) => ({ of, ...c }));
const measure: fc.Arbitrary<{ [key: string]: Json }> = fc.oneof(
  fc.constant({}),
  compare.map((count) => ({ count })),
  compare.map((days) => ({ days })),
  fc.tuple(fc.constantFrom('distinct', 'sum', 'avg', 'min', 'max'), of).map(([key, m]) => ({ [key]: m })),
  fc.tuple(fc.constantFrom('first', 'last'), inner).map(([key, where]) => ({ [key]: { where } })),
);
const regularly = fc
  .tuple(duration, fc.integer({ min: 2, max: 9 }), maybe(fc.integer({ min: 1, max: 5 })))
  .map(([period, of_last, times]) => ({ regularly: some({ period, of_last, times, at_least: 2 }) }));

export const when: fc.Arbitrary<{ [key: string]: Json }> = fc.oneof(
  duration.map((last) => ({ last })),
  duration.map((before_last) => ({ before_last })),
  fc.tuple(duration, duration).map((between) => ({ between })),
  time.map((from) => ({ from })),
  time.map((before) => ({ before })),
  fc.tuple(time, time).map(([from, before]) => ({ from, before })),
  fc.integer({ min: 0, max: 400 }).map((n) => ({ last_calendar_days: n })),
  fc
    .tuple(fc.constantFrom('this', 'previous'), fc.constantFrom('day', 'week', 'month', 'quarter', 'year'))
    .map(([key, period]) => ({ [key]: period })),
);

const subject: fc.Arbitrary<{ [key: string]: Json | undefined }> = fc.oneof(
  fc.tuple(fc.constantFrom('event', 'page', 'page_name', 'screen'), word).map(([key, name]) => ({ [key]: name })),
  fc
    .tuple(
      fc.constantFrom(...channelNames),
      fc.constantFrom(...actionNames),
      maybe(word),
      maybe(word),
      maybe(fc.constant(true)),
    )
    .map(([message, action, campaign, link, machine]) => ({
      message,
      action,
      campaign,
      link: action === 'clicked' ? link : undefined,
      machine,
    })),
);
const step = fc.tuple(subject, maybe(inner)).map(([s, where]) => some({ ...s, where }));
const activity = fc.oneof(
  fc.tuple(subject, measure, maybe(when), maybe(inner)).map(([s, m, when, where]) => some({ ...s, ...m, when, where })),
  fc.tuple(subject, regularly, maybe(inner)).map(([s, m, where]) => some({ ...s, ...m, where })),
);

const device = fc
  .tuple(fc.constantFrom(...platformNames), maybe(compare), maybe(inner))
  .map(([device, count, where]) => some({ device, count, where }));
const segment = word.map((segment): Condition => ({ segment }));
const sequence = fc
  .tuple(fc.array(step, { minLength: 2, maxLength: 10 }), fc.boolean(), duration, maybe(when))
  .map(([steps, not, within, when]) =>
    some({ sequence: not ? [...steps.slice(0, -1), { not: steps.at(-1) as Condition }] : steps, within, when }),
  );
const sample = fc
  .tuple(fc.constantFrom(0, 20, 12.5, 100), word)
  .map(([percent, seed]): Condition => ({ sample: { percent, seed } }));

/** Every kind of condition but groups, which are the builder's. */
export const leaf: fc.Arbitrary<Condition> = fc.oneof(
  attribute,
  activity,
  device,
  segment,
  segment.map((not): Condition => ({ not })),
  sequence,
  sample,
);
export { activity, attribute, inner, sequence };
