// Undo and redo over values.

export interface History<T> {
  readonly past: readonly T[];
  readonly now: T;
  readonly future: readonly T[];
}

const kept = 200; // steps

export const begin = <T>(now: T): History<T> => ({ past: [], now, future: [] });

/** A step that can be undone. Steps with the same tag, such as typing into one field, are one. */
export function push<T>(history: History<T>, next: T, merge = false): History<T> {
  if (next === history.now) return history;
  if (merge && history.past.length > 0) return { ...history, now: next, future: [] };
  return { past: [...history.past, history.now].slice(-kept), now: next, future: [] };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future] };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.now], now: next, future };
}
