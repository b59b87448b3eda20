import type { Json } from '../definition/condition';
import { Choice } from './choice';
import { type Change, readNumber } from './edit';
import { Field } from './field';
import { type CompareKey, compareOf, compares, withCompare } from './measure';
import { Word } from './part';

type Compare = { [key: string]: Json };

/** A comparison of a measure with a number, or with two. never offers to say that it did not happen at all. */
export function CompareFields(props: {
  value: Compare;
  onChange: Change<Compare>;
  at: string;
  never?: () => void;
  /** What is counted is nought or more. */
  counts?: boolean;
}) {
  const { value, onChange, at, never, counts } = props;
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
        <RangeFields value={value.between as Json[]} onChange={set} at={`${at}/between`} counts={counts} />
      ) : (
        <NumberField label="Number" value={value[key]} onChange={set} at={`${at}/${key}`} counts={counts} />
      )}
    </>
  );
}

/** Two numbers, both included. */
export function RangeFields({
  value,
  onChange,
  at,
  counts,
}: {
  value: Json[];
  onChange: Change<Json>;
  at: string;
  counts?: boolean;
}) {
  const [low = '', high = ''] = value;
  return (
    <>
      <NumberField
        label="From"
        value={low}
        onChange={(n, merge) => onChange([n, high], merge)}
        at={`${at}/0`}
        whole={at}
        counts={counts}
      />
      <Word>and</Word>
      <NumberField
        label="To"
        value={high}
        onChange={(n, merge) => onChange([low, n], merge)}
        at={`${at}/1`}
        whole={at}
        counts={counts}
      />
    </>
  );
}

/** A number. A count below nought becomes nought. */
export const NumberField = ({
  counts,
  ...props
}: {
  label: string;
  value: Json | undefined;
  onChange: Change<Json>;
  at: string;
  whole?: string;
  counts?: boolean;
}) => <Field {...props} read={counts ? readCount : readNumber} placeholder="0" input={{ inputMode: 'decimal' }} />;

function readCount(text: string): Json {
  const n = readNumber(text);
  return typeof n === 'number' && n < 0 ? 0 : n;
}
