import type { Condition, Json } from '../definition/condition';
import { NumberField } from './compare';
import { type Change, isObject } from './edit';
import { Field } from './field';
import { Word } from './part';
import { Tail } from './tail';

/** A stable random share of people. Samples of one name lie within each other; those of different names know nothing of each other. */
export function SampleFields({
  condition,
  onChange,
  at,
}: {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
}) {
  const sample = isObject(condition.sample) ? condition.sample : {};
  const set = (key: string) => (next: Json, merge?: boolean) =>
    onChange({ ...condition, sample: { ...sample, [key]: next } }, merge);
  return (
    <>
      <Word>is in the</Word>
      <NumberField label="Percent" at={`${at}/sample/percent`} value={sample.percent} onChange={set('percent')} />
      <Word>% sample named</Word>
      <Field
        label="Name of the sample"
        at={`${at}/sample/seed`}
        value={sample.seed}
        onChange={set('seed')}
        placeholder="any word"
      />
      <Tail of="the sample" />
    </>
  );
}
