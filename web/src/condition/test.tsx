import { useZone } from '../app/format';
import type { Condition, Json } from '../definition/condition';
import { type Source, useName } from './api';
import { Choice } from './choice';
import { NumberField, RangeFields } from './compare';
import { usualDays } from './duration';
import { type Change, isText, withKey } from './edit';
import { Field } from './field';
import { todayIn } from './moment';
import { comparesText, groupsFor, operatorOf, operators, withOperator } from './operator';
import { Part, Word } from './part';
import { DurationField, MomentField } from './time';
import { ValueField } from './value';
import { ValuesField } from './values';
import { InnerFields } from './where';

interface Props {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
  source: Source | undefined;
  name: string;
}

/** The operator of an attribute or a property, and what stands behind it. */
export function TestFields(props: Props) {
  const { condition, onChange, at, source, name } = props;
  const zone = useZone();
  const types = useName(source, name)?.types ?? [];
  const operator = operatorOf(condition.op);
  const groups = groupsFor(types);
  const options = groups.flatMap((group) =>
    operators
      .filter((o) => o.group === group)
      .map(({ op, words, after, group }) => ({ value: op, words, name: after && `${words} … ${after}`, group })),
  );
  return (
    <>
      <Choice
        label="Operator"
        at={`${at}/op`}
        value={isText(condition.op) ? condition.op : ''}
        options={options}
        onChange={(op) => onChange(withOperator(condition, op, todayIn(zone)))}
      />
      <OperandFields {...props} types={types} />
      {operator?.after && <Word>{operator.after}</Word>}
      {condition.match_case === true && (
        <Part label="match case" onRemove={() => onChange(withKey(condition, 'match_case', undefined))}>
          <Word>(upper and lower case matter)</Word>
        </Part>
      )}
    </>
  );
}

function OperandFields({ condition, onChange, at, source, name, types }: Props & { types: readonly string[] }) {
  const value = condition.value;
  const field = {
    at: `${at}/value`,
    value,
    onChange: (next: Json, merge?: boolean) => onChange(withKey(condition, 'value', next), merge),
  };
  switch (operatorOf(condition.op)?.operand) {
    case 'value':
      return <ValueField {...field} label="Value" source={source} name={name} types={types} />;
    case 'text':
      return <ValueField {...field} label="Text" source={source} name={name} />;
    case 'pattern':
      return <ValueField {...field} label="Pattern" source={source} name={name} pattern />;
    case 'expression':
      return <Field {...field} label="Expression" placeholder="^a.*z$" />;
    case 'values':
      return (
        <ValuesField {...field} value={value as Json[]} label="Values" source={source} name={name} types={types} />
      );
    case 'number':
      return <NumberField {...field} label="Number" />;
    case 'range':
      return <RangeFields {...field} value={value as Json[]} />;
    case 'time':
      return <MomentField {...field} label="Time" />;
    case 'date':
      return <MomentField {...field} label="Date" dateOnly />;
    case 'duration':
      return <DurationField {...field} label="How long" />;
    case 'days':
      return <DurationField {...field} label="How long" usual={usualDays} />;
    case 'item':
      return (
        <InnerFields
          value={value ?? []}
          onChange={(next, merge) => next && field.onChange(next, merge)}
          at={field.at}
          source={undefined}
        />
      );
  }
  return null;
}

/** What can be added to a test beyond its operator and value. */
export function testExtras(condition: Condition, onChange: Change<Condition>) {
  const operator = operatorOf(condition.op);
  if (!operator || !comparesText(operator) || condition.match_case === true) return [];
  return [{ label: 'Upper and lower case matter', onClick: () => onChange(withKey(condition, 'match_case', true)) }];
}
