// Conditions over properties, as where and has_item hold them: a list that stands for all, a group, or one condition.
// However it was written it stays, until it can no longer be written so.
import { type Condition, groupOf, type Json, type Quantifier } from '../definition/condition';
import { isObject } from './edit';

export interface Inner {
  readonly quantifier: Quantifier;
  readonly of: readonly Condition[];
  readonly form: 'list' | 'group' | 'one';
}

export function readInner(value: Json): Inner | undefined {
  if (Array.isArray(value)) return value.every(isObject) ? { quantifier: 'all', of: value, form: 'list' } : undefined;
  if (!isObject(value)) return undefined;
  const group = Object.keys(value).length === 1 ? groupOf(value) : undefined;
  if (group) return group.of.every(isObject) ? { ...group, form: 'group' } : undefined;
  return { quantifier: 'all', of: [value], form: 'one' };
}

/** The conditions as JSON; undefined when none is left. */
export function writeInner({ quantifier, of, form }: Inner): Json | undefined {
  const [only] = of;
  if (!only) return undefined;
  if (quantifier !== 'all') return { [quantifier]: [...of] };
  if (form === 'one' && of.length === 1) return only;
  return form === 'group' ? { all: [...of] } : [...of];
}

/** Where the i-th condition stands below the whole, as a JSON pointer. */
export const innerPointer = ({ quantifier, form }: Inner, i: number) =>
  form === 'one' ? '' : form === 'list' ? `/${i}` : `/${quantifier}/${i}`;

/** A condition with nothing filled in yet. */
export const newProperty = (property = ''): Condition => ({
  property,
  op: property ? 'exists' : 'is',
  ...(property ? {} : { value: '' }),
});
