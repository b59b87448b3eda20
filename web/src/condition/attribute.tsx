import type { Condition } from '../definition/condition';
import { type Change, isText, withKey } from './edit';
import { NameField } from './name';
import { Part, Word } from './part';
import { Tail } from './tail';
import { TestFields, testExtras } from './test';
import { DurationField } from './time';

const source = { kind: 'attribute' } as const;

/** An attribute of the person: plan is pro. */
export function AttributeFields({
  condition,
  onChange,
  at,
}: {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
}) {
  const name = isText(condition.attribute) ? condition.attribute : '';
  const unchanged = condition.for !== undefined;
  return (
    <>
      <NameField
        label="Attribute"
        at={`${at}/attribute`}
        value={name}
        onChange={(next, merge) => onChange(withKey(condition, 'attribute', next), merge)}
        source={source}
        placeholder="attribute"
      />
      <TestFields condition={condition} onChange={onChange} at={at} source={source} name={name} />
      {unchanged && (
        <Part label="unchanged for" onRemove={() => onChange(withKey(condition, 'for', undefined))}>
          <Word>unchanged for at least</Word>
          <DurationField
            label="Unchanged for"
            at={`${at}/for`}
            value={condition.for}
            onChange={(next, merge) => onChange(withKey(condition, 'for', next), merge)}
          />
        </Part>
      )}
      <Tail
        of={name || 'the attribute'}
        more={[
          ...(unchanged
            ? []
            : [{ label: 'Unchanged for some time', onClick: () => onChange(withKey(condition, 'for', '14d')) }]),
          ...testExtras(condition, onChange),
        ]}
      />
    </>
  );
}
