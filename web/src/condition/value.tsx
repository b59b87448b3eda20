import { useState } from 'react';
import { compact } from '../app/format';
import type { Json } from '../definition/condition';
import { type Source, useName, useValues } from './api';
import { type Change, escapePattern, isNumber, isScalar, readValue, textOf } from './edit';
import { Field, type FieldOption } from './field';

interface Props {
  label: string;
  at: string;
  value: Json | undefined;
  onChange: Change<Json>;
  source: Source | undefined;
  name: string;
  /** The types that values were seen to be of; given where the value may be other than a text. */
  types?: readonly string[];
  /** A picked value is escaped, so that it stands for itself. */
  pattern?: boolean;
}

/** One value, completed from those that were seen. */
export function ValueField({ label, at, value, onChange, source, name, types, pattern }: Props) {
  const { options, search } = useSeenValues(source, name);
  return (
    <Field
      label={label}
      at={at}
      value={value}
      onChange={onChange}
      read={(text, before) => (types ? readValue(text, before, types) : text)}
      options={options.map((o) =>
        types ? o : { ...o, value: pattern ? escapePattern(textOf(o.value)) : textOf(o.value) },
      )}
      onSearch={search}
      placeholder={label.toLowerCase()}
    />
  );
}

/** The values seen of a name, most used first, and those that begin with what is searched. */
export function useSeenValues(source: Source | undefined, name: string) {
  const [text, search] = useState<string>();
  const known = useName(source, name);
  const found = useValues(source, name, text ?? '', text !== undefined);
  const types = known?.types ?? [];
  const top = (known?.top ?? []).filter((v) => isScalar(v.value as Json));
  const options: FieldOption[] = top.map((v) => option(v.value as Json, v.count));
  const labels = new Set(options.map((o) => o.label));
  for (const n of found) {
    const o = option(typed(n.name, types), n.count);
    if (!labels.has(o.label)) options.push(o);
    labels.add(o.label);
  }
  for (const yes of [true, false]) if (types.includes('bool') && !labels.has(String(yes))) options.push(option(yes));
  return { options, search };
}

const option = (value: Json, count?: number): FieldOption => ({
  value,
  label: value === '' ? 'an empty text' : textOf(value),
  ...(count !== undefined && { hint: `${compact(count)}×` }),
});

/** A value that came as a text, as what it is of the types seen. */
function typed(text: string, types: readonly string[]): Json {
  if (types.includes('bool') && (text === 'true' || text === 'false')) return text === 'true';
  return types.includes('number') && !types.includes('text') && isNumber(text) ? Number(text) : text;
}
