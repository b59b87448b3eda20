// What edits of a condition share. A condition is plain JSON and never changed in place: an edit returns another one
// in which everything else is as it was, in the same order.
import type { Condition, Json } from '../definition/condition';

/** Takes an edited value. Of several in a row that merge, as while one types, one undo step is made. */
export type Change<T> = (next: T, merge?: boolean) => void;

/** The condition with a key set, where it stood or at the end; without it for undefined. */
export function withKey(condition: Condition, key: string, value: Json | undefined): Condition {
  if (value !== undefined) return { ...condition, [key]: value };
  const { [key]: _, ...rest } = condition;
  return rest;
}

/** The condition with another key and value in the place of a key. */
export const withOther = (condition: Condition, key: string, other: string, value: Json): Condition =>
  Object.fromEntries(Object.entries(condition).map(([k, v]) => (k === key ? [other, value] : [k, v])));

export const isObject = (x: Json | undefined): x is { [key: string]: Json } =>
  typeof x === 'object' && x !== null && !Array.isArray(x);
export const isText = (x: Json | undefined): x is string => typeof x === 'string';
export const isScalar = (x: Json | undefined): x is string | number | boolean =>
  typeof x === 'string' || typeof x === 'number' || typeof x === 'boolean';

/** How a scalar stands in a field. */
export const textOf = (x: Json | undefined): string => (isScalar(x) ? String(x) : '');

/** Whether a text is a number as it would be written, so that nothing is lost by reading it as one. */
export const isNumber = (text: string) => text !== '' && Number.isFinite(Number(text)) && String(Number(text)) === text;

/** A number, of a text that is one or ends up as one; any other text stays what it is, for the server to refuse. */
export function readNumber(text: string): Json {
  const trimmed = text.trim();
  if (!/^-?\d*\.?\d+$|^-?\d+\.$/.test(trimmed)) return trimmed;
  const n = Number(trimmed);
  return Number.isInteger(n) && !Number.isSafeInteger(n) ? trimmed : n;
}

/**
 * The value of a typed text: of the type that the value had before, or of the only type that was seen. 007 is a text
 * in any case, and so is a number with more digits than a number of the browser can hold.
 */
export function readValue(text: string, before: Json | undefined, types: readonly string[] = []): Json {
  if ((text === 'true' || text === 'false') && (typeof before === 'boolean' || only(types, 'bool')))
    return text === 'true';
  const numeric = typeof before === 'number' || only(types, 'number');
  return numeric && isNumber(text) ? Number(text) : text;
}

const only = (types: readonly string[], type: string) => types.length === 1 && types[0] === type;

/** A pattern that stands for a text literally: see Patterns in the segment language. */
export const escapePattern = (text: string) => text.replace(/[\\|*+]/g, '\\$&');
