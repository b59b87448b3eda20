import { compact, relative } from '../app/format';
import { type Name, type Source, useNames } from './api';
import { type Change, escapePattern, isText, textOf } from './edit';
import { Field, type FieldOption } from './field';

/** How often a name was seen, and of which types. */
export const seen = (n: Name) =>
  n.name.startsWith('$')
    ? 'of everybody'
    : [n.types?.filter((t) => t !== 'text').join(', '), `${compact(n.count)}×`, n.last_seen && relative(n.last_seen)]
        .filter(Boolean)
        .join(' · ');

/** Attributes that are kept of everybody have words of their own. */
const own = [
  ['$first_seen_at', 'first seen'],
  ['$last_seen_at', 'last seen'],
] as const;
export const say = (name: string) => own.find(([n]) => n === name)?.[1] ?? name;

/** A name of something, completed from what was seen. Any other may be typed: while one types, it is told that it was never seen. */
export function NameField(props: {
  label: string;
  at: string;
  value: string;
  onChange: Change<string>;
  source: Source | undefined;
  placeholder?: string;
}) {
  const { label, at, value, onChange, source, placeholder = 'name' } = props;
  const { names, complete } = useNames(source, value);
  const options = names.map((n): FieldOption => ({ value: n.name, label: say(n.name), hint: seen(n) }));
  return (
    <Field
      name
      label={label}
      at={at}
      value={value}
      onChange={(next, merge) => onChange(isText(next) ? next : '', merge)}
      write={(v) => say(textOf(v))}
      read={(text) =>
        own.find(([name, words]) => words === text && !names.some((n) => n.name === text) && name)?.[0] ?? text
      }
      options={options}
      placeholder={placeholder}
      unseen={complete}
    />
  );
}

/** A pattern for addresses or names of pages and screens; what is picked stands for itself. */
export function PatternField(props: {
  label: string;
  at: string;
  value: string;
  onChange: Change<string>;
  source: Source | undefined;
  placeholder?: string;
}) {
  const { label, at, value, onChange, source, placeholder } = props;
  const { names } = useNames(source);
  return (
    <Field
      name
      label={label}
      at={at}
      value={value}
      onChange={(next, merge) => onChange(isText(next) ? next : '', merge)}
      options={patterns(names)}
      placeholder={placeholder}
      input={{ title: '* stands for anything, | for or, and \\ takes a character literally' }}
    />
  );
}

/** Addresses as patterns: by their path alone, those of several hosts together. */
export function patterns(names: readonly Name[]): FieldOption[] {
  const counts = new Map<string, number>();
  for (const { name, count } of names) {
    const path = /^[a-z]+:\/\/[^/]+(\/[^?#]*)/i.exec(name)?.[1] ?? name;
    counts.set(path, (counts.get(path) ?? 0) + count);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([path, count]) => ({ value: escapePattern(path), label: path, hint: `${compact(count)}×` }));
}
