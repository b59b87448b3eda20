// What a condition is when it is added: whole from the beginning, and the likeliest question about its subject.
import type { Condition, Json } from '../definition/condition';
import type { Name } from './api';
import { isScalar } from './edit';

/** A question about an attribute, after the values that were seen of it. */
export function startAttribute(attribute: string, known?: Pick<Name, 'types' | 'count' | 'top'>): Condition {
  const types = known?.types ?? [];
  const top = known?.top ?? [];
  const [most] = top;
  const ask = (op: string, value?: Json): Condition =>
    value === undefined ? { attribute, op } : { attribute, op, value };
  if (types.includes('time') || looksLikeTime(types, top)) return ask('within_last', '30d');
  if (only(types, 'bool')) return ask('is_true');
  if (only(types, 'number')) return ask('greater_than', 0);
  const common = most && known && isScalar(most.value as Json) && most.value !== '' && most.count >= known.count / 50;
  return common ? ask('is', most.value as Json) : ask('exists');
}

const only = (types: readonly string[], type: string) => types.length === 1 && types[0] === type;

/** Seconds or milliseconds since 1970 are numbers as well. */
const looksLikeTime = (types: readonly string[], top: readonly { value?: unknown }[]) =>
  only(types, 'number') &&
  top.length > 0 &&
  top.every(({ value }) => typeof value === 'number' && value >= 1e8 && value < 1e15);

/** Two steps of a sequence: the two events seen most, or any. */
export const startSequence = (events: readonly Name[]): Condition => ({
  sequence: [{ event: events[0]?.name ?? '*' }, { event: events[1]?.name ?? '*' }],
  within: '7d',
});

export const startSample: Condition = { sample: { percent: 10, seed: 'sample' } };
