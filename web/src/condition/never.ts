import type { Condition } from '../definition/condition';
import type { Option } from './choice';
import { isNever, withMeasure } from './measure';

/** The verbs of an activity, as they read when it was never done; and the way between the two. A step of a sequence has no never of its own. */
export function withNever<T extends string>(
  verbs: readonly Option<T>[],
  condition: Condition,
  step?: boolean,
): readonly Option<T | 'never'>[] {
  if (step) return verbs;
  const never = isNever(condition.count);
  const shown = verbs.map((v) => (never ? { ...v, words: `never ${v.words}`, name: `never ${v.name ?? v.words}` } : v));
  return [...shown, { value: 'never', words: '', name: never ? 'at least once, after all' : 'never did so' }];
}

/** Never turned into at least once, and anything else into never. */
export const toggleNever = (condition: Condition) =>
  withMeasure(condition, isNever(condition.count) ? undefined : 'never');
