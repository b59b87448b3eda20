import type { Condition, Json, Quantifier } from '../definition/condition';
import type { Source } from './api';
import { Choice } from './choice';
import style from './condition.module.css';
import { type Change, isObject, isText, withKey } from './edit';
import { type Inner, innerPointer, newProperty, readInner, writeInner } from './inner';
import { NameField } from './name';
import { AddPart, Part, Word } from './part';
import { EditText, More } from './tail';
import { TestFields, testExtras } from './test';

interface Props {
  value: Json;
  onChange: Change<Json | undefined>;
  at: string;
  source: Source | undefined;
}

const joints: readonly { value: Quantifier; words: string; name: string }[] = [
  { value: 'all', words: 'and', name: 'and: all of these' },
  { value: 'any', words: 'or', name: 'or: at least one of these' },
  { value: 'none', words: 'nor', name: 'nor: none of these' },
];

/** Conditions over properties, one behind the other with and, or, nor between them. */
export function InnerFields({ value, onChange, at, source }: Props) {
  const inner = readInner(value);
  if (!inner) return null;
  return (
    <EditText value={undefined}>
      <InnerList inner={inner} onChange={(next, merge) => onChange(writeInner(next), merge)} at={at} source={source} />
    </EditText>
  );
}

function InnerList({
  inner,
  onChange,
  at,
  source,
}: {
  inner: Inner;
  onChange: Change<Inner>;
  at: string;
  source: Source | undefined;
}) {
  const { quantifier, of } = inner;
  const set = (i: number, next: Condition | undefined, merge?: boolean) =>
    onChange({ ...inner, of: next ? of.map((c, j) => (j === i ? next : c)) : of.filter((_, j) => j !== i) }, merge);
  const joint = (
    <Choice
      label="Together"
      at={at}
      value={quantifier}
      options={joints}
      onChange={(q) => onChange({ ...inner, quantifier: q })}
    />
  );
  return (
    <>
      {quantifier === 'none' && <Word>{of.length > 1 ? 'neither' : 'not'}</Word>}
      {of.map((condition, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and are edited in place
        <span key={i} className={style.part}>
          {i === 1 && joint}
          {i > 1 && <Word>{joints.find((j) => j.value === quantifier)?.words}</Word>}
          <InnerCondition
            condition={condition}
            onChange={(next, merge) => set(i, next, merge)}
            onRemove={() => set(i, undefined)}
            at={at + innerPointer(inner, i)}
            source={source}
          />
        </span>
      ))}
      {of.length === 1 && quantifier !== 'all' && joint}
      <AddPart onClick={() => onChange({ ...inner, of: [...of, newProperty()] })}>
        {quantifier === 'any' ? 'or' : quantifier === 'none' ? 'nor' : 'and'}
      </AddPart>
    </>
  );
}

function InnerCondition(props: {
  condition: Condition;
  onChange: Change<Condition>;
  onRemove?: () => void;
  at: string;
  source: Source | undefined;
}) {
  const { condition, onChange, onRemove, at, source } = props;
  if (isObject(condition.not)) {
    const negated = condition.not;
    return (
      <Part
        label="not"
        tools={
          <More of="this opposite" items={[{ label: 'Turn into its opposite', onClick: () => onChange(negated) }]} />
        }
      >
        <Word>not (</Word>
        <InnerCondition
          {...props}
          condition={condition.not}
          onChange={(not, merge) => onChange({ not }, merge)}
          at={`${at}/not`}
        />
        <Word>)</Word>
      </Part>
    );
  }
  const group = 'property' in condition ? undefined : readInner(condition);
  if (group) {
    return (
      <span className={style.part}>
        <Word>(</Word>
        <InnerList
          inner={group}
          onChange={(next, merge) => replaceGroup(next, onChange, onRemove, merge)}
          at={at}
          source={source}
        />
        <Word>)</Word>
      </span>
    );
  }
  const grouped = { label: 'Put in parentheses', onClick: () => onChange({ any: [condition, newProperty()] }) };
  const turned = { label: 'Turn into its opposite', onClick: () => onChange({ not: condition }) };
  return (
    <Part
      label={isText(condition.property) && condition.property !== '' ? condition.property : 'the property'}
      onRemove={onRemove}
      tools={<More of="this property" items={[...testExtras(condition, onChange), grouped, turned]} />}
    >
      <PropertyFields condition={condition} onChange={onChange} at={at} source={source} />
    </Part>
  );
}

/** A group without a condition goes; with one it stays a group. */
function replaceGroup(next: Inner, onChange: Change<Condition>, onRemove: (() => void) | undefined, merge?: boolean) {
  const written = writeInner({ ...next, form: 'group' });
  if (written === undefined) onRemove?.();
  else onChange(written as Condition, merge);
}

/** One condition over a property. */
export function PropertyFields(props: {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
  source: Source | undefined;
}) {
  const { condition, onChange, at, source } = props;
  const name = isText(condition.property) ? condition.property : '';
  return (
    <>
      <NameField
        label="Property"
        at={`${at}/property`}
        value={name}
        onChange={(next, merge) => onChange(withKey(condition, 'property', next), merge)}
        source={source}
        placeholder="property"
      />
      <TestFields condition={condition} onChange={onChange} at={at} source={source} name={name} />
    </>
  );
}
