// Which conditions the forms can show whole. What they cannot is edited as text, so that nothing is hidden or lost.
import type { Condition, Json } from '../definition/condition';
import { subjectOf } from '../definition/condition';
import { isObject, isScalar, isText } from './edit';
import { readInner } from './inner';
import { compareOf, isMeasure } from './measure';
import { operatorOf } from './operator';
import { inside, isNot } from './steps';
import { windowKind } from './window';
import { actionNames, channelNames, platformNames } from './words';

/** Whether the forms show everything that a condition says. */
export function covered(condition: Condition): boolean {
  switch (subjectOf(condition)) {
    case 'attribute':
      return (
        keys(condition, 'attribute', 'op', 'value', 'match_case', 'for') &&
        isText(condition.attribute) &&
        test(condition) &&
        optional(condition.for)
      );
    case 'property':
      return keys(condition, 'property', 'op', 'value', 'match_case') && isText(condition.property) && test(condition);
    case 'event':
    case 'page':
    case 'page_name':
    case 'screen':
      return activity(condition);
    case 'message':
      return message(condition) && activity(condition);
    case 'device':
      return device(condition);
    case 'segment':
      return keys(condition, 'segment') && isText(condition.segment);
    case 'sequence':
      return sequence(condition);
    case 'sample':
      return keys(condition, 'sample') && isObject(condition.sample) && sample(condition.sample);
    case 'not':
      return keys(condition, 'not') && isObject(condition.not) && 'segment' in condition.not && covered(condition.not);
  }
  return false;
}

const keys = (x: { [key: string]: Json }, ...allowed: string[]) => Object.keys(x).every((key) => allowed.includes(key));
const optional = (x: Json | undefined) => x === undefined || isScalar(x);

function test({ op, value, match_case }: Condition): boolean {
  if (match_case !== undefined && match_case !== true) return false;
  switch (operatorOf(op)?.operand) {
    case undefined:
      return false;
    case 'none':
      return value === undefined;
    case 'values':
      return Array.isArray(value) && value.every(isScalar);
    case 'range':
      return Array.isArray(value) && value.length === 2 && value.every(isScalar);
    case 'item':
      return inner(value);
  }
  return isScalar(value);
}

function inner(value: Json | undefined): boolean {
  const read = value === undefined ? undefined : readInner(value);
  return read !== undefined && read.of.length > 0 && read.of.every(insideCovered);
}

function insideCovered(condition: Condition): boolean {
  if (isObject(condition.not)) return keys(condition, 'not') && insideCovered(condition.not);
  return subjectOf(condition) === 'property'
    ? covered(condition)
    : readInner(condition)?.form === 'group' && inner(condition);
}

function activity(condition: Condition): boolean {
  const subject = subjectOf(condition) as string;
  const measured = Object.keys(condition).filter(isMeasure);
  return (
    keys(condition, subject, 'where', 'when', ...measured, ...(subject === 'message' ? messageKeys : [])) &&
    isText(condition[subject]) &&
    measured.length <= 1 &&
    measured.every((key) => measure(key, condition[key] as Json)) &&
    (condition.where === undefined || inner(condition.where)) &&
    windowKind(condition.when) !== undefined
  );
}

function measure(key: string, value: Json): boolean {
  if (!isObject(value)) return false;
  switch (key) {
    case 'first':
    case 'last':
      return keys(value, 'where') && inner(value.where);
    case 'regularly':
      return keys(value, 'period', 'of_last', 'times', 'at_least') && Object.values(value).every(isScalar);
    case 'count':
    case 'days':
      return compareOf(value) !== undefined && Object.keys(value).length === 1;
  }
  return compareOf(value) !== undefined && isText(value.of) && Object.keys(value).length === 2;
}

const messageKeys = ['action', 'campaign', 'link', 'machine'];

const message = ({ message, action, campaign, link, machine }: Condition) =>
  channelNames.some((c) => c === message) &&
  actionNames.some((a) => a === action) &&
  (campaign === undefined || isText(campaign)) &&
  (link === undefined || isText(link)) &&
  (machine === undefined || machine === true);

const device = (condition: Condition) =>
  keys(condition, 'device', 'where', 'count') &&
  platformNames.some((p) => p === condition.device) &&
  (condition.where === undefined || inner(condition.where)) &&
  (condition.count === undefined || measure('count', condition.count));

const sample = (value: { [key: string]: Json }) =>
  keys(value, 'percent', 'seed') && isScalar(value.percent) && isScalar(value.seed);

function sequence(condition: Condition): boolean {
  const steps = condition.sequence;
  return (
    keys(condition, 'sequence', 'within', 'when') &&
    Array.isArray(steps) &&
    steps.every(
      (s, i) => isObject(s) && (!isNot(s) || (keys(s, 'not') && i === steps.length - 1)) && step(inside(s)),
    ) &&
    optional(condition.within) &&
    windowKind(condition.when) !== undefined
  );
}

const stepSubjects = ['event', 'page', 'page_name', 'screen', 'message'];

function step(condition: Condition): boolean {
  const subject = subjectOf(condition);
  if (!subject || !stepSubjects.includes(subject)) return false;
  return !('when' in condition) && !Object.keys(condition).some(isMeasure) && covered(condition);
}
