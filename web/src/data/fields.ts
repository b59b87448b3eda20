import type { ImportKind, Mapping, Sample } from './api';

/** What a column may be, besides an attribute or a property of its own name. */
export const fieldsOf: Record<ImportKind, readonly { value: string; label: string }[]> = {
  people: [
    { value: 'id', label: 'User id' },
    { value: 'email', label: 'Email' },
    { value: 'anonymous_id', label: 'Anonymous id' },
    { value: 'key', label: 'Key (p_…)' },
    { value: 'time', label: 'Time of the values' },
  ],
  events: [
    { value: 'id', label: 'User id' },
    { value: 'email', label: 'Email' },
    { value: 'anonymous_id', label: 'Anonymous id' },
    { value: 'key', label: 'Key (p_…)' },
    { value: 'time', label: 'Time of the event' },
    { value: 'event', label: 'Name of the event' },
    { value: 'message_id', label: 'Id of the event, against repeats' },
  ],
  members: [
    { value: 'id', label: 'User id' },
    { value: 'email', label: 'Email' },
    { value: 'anonymous_id', label: 'Anonymous id' },
    { value: 'key', label: 'Key (p_…)' },
  ],
};

/** Left out, and the field of the language that says so. */
export const leftOut = '-';
/** An attribute or a property, whose name is asked for. */
export const named = 'named';

const reserved = new Set(Object.values(fieldsOf).flatMap((fs) => fs.map((f) => f.value)));

/** One column and what it is to be: a field, left out, or an attribute or property of a name. */
export interface Column {
  name: string;
  values: string[];
  /** What its values are, as far as the first rows tell: text, number, … */
  types: string[];
  as: string; // a field of fieldsOf, leftOut or named
  attribute: string; // the name, of named
}

/** The columns of a file, as the server takes them by their names. */
export function columnsOf(sample: Sample, kind: ImportKind): Column[] {
  const fields = new Set(fieldsOf[kind].map((f) => f.value));
  return sample.columns.map(({ name, field, values, types }) => {
    if (fields.has(field)) return { name, values, types, as: field, attribute: name };
    const left = field === '' || kind === 'members'; // members are who, and nothing else
    return { name, values, types, as: left ? leftOut : named, attribute: field || name };
  });
}

/** The mapping that says of every column what it is. */
export function mappingOf(columns: Column[], kind: ImportKind, event: string): Mapping {
  const prefix = kind === 'events' ? 'property:' : 'attribute:';
  const field = (c: Column) =>
    c.as !== named ? c.as : reserved.has(c.attribute) || c.attribute === leftOut ? prefix + c.attribute : c.attribute;
  return {
    columns: Object.fromEntries(columns.map((c) => [c.name, field(c)])),
    ...(kind === 'events' && event && !columns.some((c) => c.as === 'event') && { event }),
  };
}

const who = ['id', 'email', 'anonymous_id', 'key'];

/** What is still missing before any row could be taken; "" for nothing. */
export function missing(columns: Column[], kind: ImportKind, event: string): string {
  const has = (fields: string[]) => columns.some((c) => fields.includes(c.as));
  const twice = columns.find(
    (c, i) => c.as !== leftOut && c.as !== named && columns.findIndex((o) => o.as === c.as) < i,
  );
  if (twice) return `Two columns are “${fieldsOf[kind].find((f) => f.value === twice.as)?.label}”: choose one.`;
  if (!has(who)) return 'Say which column tells who a row is about: a user id or an email.';
  if (kind === 'events' && !has(['time'])) return 'Say which column is the time of the event.';
  if (kind === 'events' && !has(['event']) && !event)
    return 'Say which column is the name of the event, or give one name for all.';
  return '';
}
