// The operators of attributes and properties: their words, what stands behind them, and what becomes of a value when
// another operator is chosen.
import type { Condition, Json } from '../definition/condition';
import { isNumber, isScalar, textOf, withKey } from './edit';

/** What stands behind an operator. */
export type Operand =
  | 'none'
  | 'value'
  | 'values'
  | 'pattern'
  | 'text'
  | 'expression'
  | 'number'
  | 'range'
  | 'time'
  | 'date'
  | 'duration'
  | 'days'
  | 'item';

export interface Operator {
  readonly op: string;
  readonly words: string;
  /** Words behind the value: is more than 30 days *ago*. */
  readonly after?: string;
  readonly operand: Operand;
  readonly group: string;
  readonly opposite?: string;
}

const rows: readonly [group: string, op: string, words: string, operand: Operand, opposite?: string, after?: string][] =
  [
    ['Equal', 'is', 'is', 'value', 'is_not'],
    ['Equal', 'is_not', 'is not', 'value', 'is'],
    ['Equal', 'is_any_of', 'is any of', 'values', 'is_none_of'],
    ['Equal', 'is_none_of', 'is none of', 'values', 'is_any_of'],
    ['Known', 'exists', 'is set', 'none', 'does_not_exist'],
    ['Known', 'does_not_exist', 'is not set', 'none', 'exists'],
    ['Yes or no', 'is_true', 'is true', 'none'],
    ['Yes or no', 'is_false', 'is false', 'none'],
    ['Text', 'contains', 'contains', 'pattern', 'does_not_contain'],
    ['Text', 'does_not_contain', 'does not contain', 'pattern', 'contains'],
    ['Text', 'starts_with', 'starts with', 'text', 'does_not_start_with'],
    ['Text', 'does_not_start_with', 'does not start with', 'text', 'starts_with'],
    ['Text', 'ends_with', 'ends with', 'text', 'does_not_end_with'],
    ['Text', 'does_not_end_with', 'does not end with', 'text', 'ends_with'],
    ['Text', 'matches', 'matches the expression', 'expression', 'does_not_match'],
    ['Text', 'does_not_match', 'does not match the expression', 'expression', 'matches'],
    ['Number', 'greater_than', 'is greater than', 'number'],
    ['Number', 'at_least', 'is at least', 'number'],
    ['Number', 'less_than', 'is less than', 'number'],
    ['Number', 'at_most', 'is at most', 'number'],
    ['Number', 'between', 'is between', 'range'],
    ['Time', 'within_last', 'is within the last', 'duration'],
    ['Time', 'more_than_ago', 'is more than', 'duration', undefined, 'ago'],
    ['Time', 'within_next', 'is within the next', 'duration'],
    ['Time', 'more_than_ahead', 'is more than', 'duration', undefined, 'ahead'],
    ['Time', 'before', 'is before', 'time'],
    ['Time', 'after', 'is after', 'time'],
    ['Time', 'on', 'is on', 'date'],
    ['Time', 'anniversary_within_next', 'has its anniversary within the next', 'days'],
    ['Time', 'is_time', 'is readable as a time', 'none'],
    ['List of objects', 'has_item', 'has an item where', 'item'],
  ];

export const operators: readonly Operator[] = rows.map(([group, op, words, operand, opposite, after]) => ({
  group,
  op,
  words,
  operand,
  ...(opposite && { opposite }),
  ...(after && { after }),
}));

export const operatorOf = (op: Json | undefined) => operators.find((o) => o.op === op);

/** Whether upper and lower case can matter to an operator. */
export const comparesText = ({ operand }: Operator) =>
  operand === 'value' ||
  operand === 'values' ||
  operand === 'pattern' ||
  operand === 'text' ||
  operand === 'expression';

/** The order of the groups for a name whose values were seen to be of these types: what fits first. */
export function groupsFor(types: readonly string[]): string[] {
  const groups = [...new Set(operators.map((o) => o.group))];
  const first = [
    ...(types.includes('bool') ? ['Yes or no'] : []),
    ...(types.includes('time') ? ['Time'] : []),
    ...(types.includes('number') ? ['Number'] : []),
    ...(types.includes('object') ? ['List of objects'] : []),
  ];
  return [...first, ...groups.filter((g) => !first.includes(g))];
}

/** The condition with another operator. Its value stays as far as the operator can take it. */
export function withOperator(condition: Condition, op: string, today: string): Condition {
  const operator = operatorOf(op);
  if (!operator) return condition;
  const before = operatorOf(condition.op)?.operand;
  const next = withKey({ ...condition, op }, 'value', operandFor(operator.operand, before, condition.value, today));
  return comparesText(operator) ? next : withKey(next, 'match_case', undefined);
}

const fresh: Record<Operand, (today: string) => Json | undefined> = {
  none: () => undefined,
  value: () => '',
  values: () => [],
  pattern: () => '',
  text: () => '',
  expression: () => '',
  number: () => 0,
  range: () => [0, 100],
  time: (today) => today,
  date: (today) => today,
  duration: () => '30d',
  days: () => '7d',
  item: () => [{ property: '', op: 'exists' }],
};

function operandFor(operand: Operand, before: Operand | undefined, value: Json | undefined, today: string) {
  if (operand === before) return value;
  const many = Array.isArray(value) ? value.filter(isScalar) : isScalar(value) && value !== '' ? [value] : [];
  const [first] = many;
  const none = fresh[operand](today);
  if (first === undefined || before === 'item') return none;
  switch (operand) {
    case 'value':
      return first;
    case 'values':
      return many;
    case 'pattern':
    case 'text':
    case 'expression':
      return textOf(first);
    case 'number':
      return isNumber(textOf(first)) ? Number(first) : none;
    case 'range':
      return isNumber(textOf(first)) ? [Number(first), Number(first)] : none;
    case 'duration':
      return before === 'days' && first !== '0d' ? first : none;
    case 'days':
      return before === 'duration' && /[dw]$/.test(textOf(first)) ? first : none;
    case 'time':
      return before === 'date' ? first : none;
    case 'date':
      return before === 'time' && /^\d{4}-\d\d-\d\d$/.test(textOf(first)) ? first : none;
    default:
      return none;
  }
}
