import type { Condition, Json } from '../definition/condition';
import type { Source } from './api';
import { Choice } from './choice';
import { CompareFields, NumberField } from './compare';
import { type Change, isText } from './edit';
import { type MeasureKey, measureOf, measures, withMeasure } from './measure';
import { NameField } from './name';
import { Word } from './part';
import { DurationField } from './time';
import { InnerFields } from './where';

type Measure = { [key: string]: Json };

interface Props {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
  source: Source | undefined;
}

/** How often something was done, or another measure of it. */
export function OftenFields({ condition, onChange, at, source }: Props) {
  const kind = measureOf(condition);
  if (!kind) return null;
  const measure = condition[kind] as Measure;
  const here = `${at}/${kind}`;
  const set: Change<Measure> = (next, merge) => onChange({ ...condition, [kind]: next }, merge);
  const choice = (
    <Choice<MeasureKey>
      label="Measured by"
      at={here}
      value={kind}
      options={measures.map(({ key, words, about, group }) => ({ value: key, words, hint: about, group }))}
      onChange={(to) => onChange(withMeasure(condition, to))}
    />
  );
  const compare = (
    <CompareFields
      value={measure}
      onChange={set}
      at={here}
      counts={kind === 'count' || kind === 'days' || kind === 'distinct'}
      never={kind === 'count' ? () => onChange(withMeasure(condition, 'never')) : undefined}
    />
  );
  const of = (
    <NameField
      label="Of the property"
      at={`${here}/of`}
      value={isText(measure.of) ? measure.of : ''}
      onChange={(next, merge) => set({ ...measure, of: next }, merge)}
      source={source}
      placeholder="property"
    />
  );
  switch (kind) {
    case 'count':
      return (
        <>
          {compare} {choice}
        </>
      );
    case 'days':
      return (
        <>
          <Word>on</Word>
          {compare} {choice}
        </>
      );
    case 'distinct':
      return (
        <>
          <Word>with</Word>
          {compare} {choice} {of}
        </>
      );
    case 'regularly':
      return <Regularly choice={choice} measure={measure} onChange={set} at={here} />;
    case 'first':
    case 'last':
      return (
        <>
          {choice}
          <Word>(</Word>
          <InnerFields
            value={measure.where ?? []}
            onChange={(where, merge) =>
              where ? set({ ...measure, where }, merge) : onChange(withMeasure(condition, undefined))
            }
            at={`${here}/where`}
            source={source}
          />
          <Word>)</Word>
        </>
      );
  }
  return (
    <>
      {choice} {of}
      <Word>of</Word>
      {compare}
    </>
  );
}

function Regularly({
  choice,
  measure,
  onChange,
  at,
}: {
  choice: React.ReactNode;
  measure: Measure;
  onChange: Change<Measure>;
  at: string;
}) {
  const number = (key: string, label: string, value = measure[key]) => (
    <NumberField
      label={label}
      value={value}
      onChange={(n, merge) => onChange({ ...measure, [key]: n }, merge)}
      at={`${at}/${key}`}
      counts
    />
  );
  return (
    <>
      {choice}
      <Word>at least</Word>
      {number('times', 'Times', measure.times ?? 1)}
      <Word>times in at least</Word>
      {number('at_least', 'Periods with that')}
      <Word>of the last</Word>
      {number('of_last', 'Periods')}
      <Word>periods of</Word>
      <DurationField
        label="Length of a period"
        at={`${at}/period`}
        value={measure.period}
        onChange={(period, merge) => onChange({ ...measure, period }, merge)}
      />
    </>
  );
}
