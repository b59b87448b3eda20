import type { Json } from '../definition/condition';
import { Choice } from './choice';
import { type Change, readNumber } from './edit';
import { Field } from './field';
import { type CompareKey, compareOf, compares, withCompare } from './measure';
import { Word } from './part';

type Compare = { [key: string]: Json };

/** A comparison of a measure with a number, or with two. never offers to say that it did not happen at all. */
export function CompareFields(props: { value: Compare; onChange: Change<Compare>; at: string; never?: () => void }) {
  const { value, onChange, at, never } = props;
  const key = compareOf(value) ?? 'at_least';
  const options = [
    ...compares.map(({ key, words }) => ({ value: key as CompareKey | 'never', words })),
    ...(never ? [{ value: 'never' as const, words: 'never' }] : []),
  ];
  const set = (next: Json, merge?: boolean) => onChange({ ...value, [key]: next }, merge);
  return (
    <>
      <Choice
        label="Compared"
        at={at}
        value={key as CompareKey | 'never'}
        options={options}
        onChange={(to) => (to === 'never' ? never?.() : onChange(withCompare(value, to)))}
      />
      {key === 'between' ? (
        <RangeFields value={value.between as Json[]} onChange={set} at={`${at}/between`} />
      ) : (
        <NumberField label="Number" value={value[key]} onChange={set} at={`${at}/${key}`} />
      )}
    </>
  );
}

/** Two numbers, both included. */
export function RangeFields({ value, onChange, at }: { value: Json[]; onChange: Change<Json>; at: string }) {
  const [low = '', high = ''] = value;
  return (
    <>
      <NumberField
        label="From"
        value={low}
        onChange={(n, merge) => onChange([n, high], merge)}
        at={`${at}/0`}
        whole={at}
      />
      <Word>and</Word>
      <NumberField
        label="To"
        value={high}
        onChange={(n, merge) => onChange([low, n], merge)}
        at={`${at}/1`}
        whole={at}
      />
    </>
  );
}

export const NumberField = (props: {
  label: string;
  value: Json | undefined;
  onChange: Change<Json>;
  at: string;
  whole?: string;
}) => <Field {...props} read={readNumber} placeholder="0" input={{ inputMode: 'decimal' }} />;
