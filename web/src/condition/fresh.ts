import type { Condition } from '../definition/condition';

const added = new WeakSet<Condition>();

/** Marks a condition that somebody just added: its editor takes the focus when it appears. */
export function markFresh(condition: Condition): Condition {
  added.add(condition);
  return condition;
}

/** Whether a condition was just added; true once. */
export const isFresh = (condition: Condition) => added.delete(condition);
