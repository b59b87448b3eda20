// The segment language as the API has it: a condition is an object with exactly one subject key. What it means is told
// in docs/segment-language.md; here are only its shapes, as far as the builder edits them. Everything that the builder
// does not touch is kept as it came.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A condition in JSON, as the API takes and gives it. */
export type Condition = { [key: string]: Json };

export type Quantifier = 'all' | 'any' | 'none';
export const quantifiers: readonly Quantifier[] = ['all', 'any', 'none'];

type Subject =
  | Quantifier
  | 'not'
  | 'attribute'
  | 'event'
  | 'page'
  | 'screen'
  | 'page_name'
  | 'message'
  | 'device'
  | 'segment'
  | 'sequence'
  | 'sample'
  | 'property';

const subjects: readonly Subject[] = [
  'all',
  'any',
  'none',
  'not',
  'attribute',
  'event',
  'page',
  'screen',
  'page_name',
  'message',
  'device',
  'segment',
  'sequence',
  'sample',
  'property',
];

/** The subject of a condition; undefined for what is none. */
export const subjectOf = (condition: Condition): Subject | undefined =>
  subjects.find((subject) => subject in condition);

/** The name of the group that a condition is, and its parts; undefined for any other. */
export function groupOf(condition: Condition): { quantifier: Quantifier; of: Condition[] } | undefined {
  const quantifier = quantifiers.find((q) => Array.isArray(condition[q]) && condition[q].every(isCondition));
  return quantifier && { quantifier, of: condition[quantifier] as Condition[] };
}

/** Whether a value is an object, as every condition is. */
export const isCondition = (x: unknown): x is Condition => typeof x === 'object' && x !== null && !Array.isArray(x);

/** Whether two values are the same JSON, whatever the order of keys. */
export function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameJson(x, b[i] as Json))
    );
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => key in b && sameJson(a[key] as Json, b[key] as Json))
  );
}
