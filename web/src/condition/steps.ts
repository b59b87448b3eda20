// The steps of a sequence: what is done to them, and what keeps them a sequence.
import type { Condition } from '../definition/condition';
import { isObject, withKey } from './edit';

export const mostSteps = 10;
export const stepsOf = (condition: Condition): Condition[] =>
  Array.isArray(condition.sequence) ? (condition.sequence as Condition[]) : [];

/** A step without the not around it, that only the last one may have. */
export const inside = (step: Condition): Condition => (isObject(step.not) ? step.not : step);
export const isNot = (step: Condition | undefined) => step !== undefined && isObject(step.not);

const withSteps = (condition: Condition, steps: readonly Condition[]): Condition => ({
  ...condition,
  sequence: [...steps],
});

export const setStep = (condition: Condition, index: number, next: Condition) =>
  withSteps(
    condition,
    stepsOf(condition).map((step, i) => (i === index ? (isNot(step) ? { not: next } : next) : step)),
  );

/** The condition with another step, before the one that must not follow if there is one. */
export function addStep(condition: Condition, step: Condition): Condition {
  const steps = stepsOf(condition);
  const at = isNot(steps.at(-1)) ? steps.length - 1 : steps.length;
  return withSteps(condition, [...steps.slice(0, at), step, ...steps.slice(at)]);
}

export const removeStep = (condition: Condition, index: number) =>
  withSteps(
    condition,
    stepsOf(condition).filter((_, i) => i !== index),
  );

/** The condition with two neighbours the other way round. Which step must not follow stays a matter of the last place. */
export function moveStep(condition: Condition, index: number, by: -1 | 1): Condition {
  const steps = stepsOf(condition);
  const other = index + by;
  const [a, b] = [steps[index], steps[other]];
  if (!a || !b) return condition;
  const moved = steps.map((step, i) => (i === index ? b : i === other ? a : step));
  const last = steps.length - 1;
  return withSteps(
    condition,
    isNot(steps[last]) ? moved.map((step, i) => (i === last ? { not: inside(step) } : inside(step))) : moved,
  );
}

/** Whether the last step must follow, or must not; that takes a time within which. */
export function setLastNot(condition: Condition, not: boolean): Condition {
  const steps = stepsOf(condition);
  const last = steps.at(-1);
  if (!last) return condition;
  const next = withSteps(condition, [...steps.slice(0, -1), not ? { not: inside(last) } : inside(last)]);
  return not && condition.within === undefined ? withKey(next, 'within', '7d') : next;
}
