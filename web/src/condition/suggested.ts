import type { Condition, Json } from '../definition/condition';
import { isObject } from './edit';

/** The condition with what a fault suggests in the place that it points to: another text, or another name of a key. */
export function suggested(condition: Condition, fault: { pointer: string; suggestion?: string }): Condition {
  const path = fault.pointer
    .split('/')
    .slice(1)
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
  return fault.suggestion && path.length > 0 ? (at(condition, path, fault.suggestion) as Condition) : condition;
}

const known = /^[a-z_]+$/;

function at(value: Json, [key, ...rest]: string[], suggestion: string): Json {
  if (key === undefined) return suggestion;
  if (Array.isArray(value)) return value.map((x, i) => (String(i) === key ? at(x, rest, suggestion) : x));
  if (!isObject(value) || !(key in value)) return value;
  const child = value[key] as Json;
  if (rest.length === 0 && typeof child !== 'string' && known.test(suggestion))
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k === key ? suggestion : k, v]));
  return { ...value, [key]: at(child, rest, suggestion) };
}
