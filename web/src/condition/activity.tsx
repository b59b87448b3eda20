import type { Condition } from '../definition/condition';
import type { Source } from './api';
import { Choice } from './choice';
import { type Change, isText, withKey, withOther } from './edit';
import { newProperty } from './inner';
import { isNever, measureOf, withMeasure } from './measure';
import { NameField, PatternField } from './name';
import { toggleNever, withNever } from './never';
import { OftenFields } from './often';
import { Part, Word } from './part';
import { type Addition, Tail } from './tail';
import { WhenFields } from './when';
import { InnerFields } from './where';

const verbs = [
  { value: 'any', words: 'was active', name: 'was active: any event, page or screen' },
  { value: 'event', words: 'did', name: 'did an event' },
  { value: 'page', words: 'viewed the page', name: 'viewed a page, by its address' },
  { value: 'page_name', words: 'viewed a page named', name: 'viewed a page, by its name' },
  { value: 'screen', words: 'viewed the screen', name: 'viewed a screen' },
] as const;

interface Props {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
  /** A step of a sequence: no measure and no window of its own. */
  step?: boolean;
}

/** What somebody did: did project_created at least 3 times in the last 14 days where template is blank. */
export function ActivityFields(props: Props) {
  const { condition, onChange, at, step } = props;
  const kind = verbs.find(({ value }) => value in condition)?.value ?? 'event';
  const name = isText(condition[kind]) ? condition[kind] : '';
  const any = kind === 'event' && name === '*';
  const field = {
    at: `${at}/${kind}`,
    value: name,
    onChange: (next: string, merge?: boolean) => onChange(withKey(condition, kind, next), merge),
  };
  return (
    <>
      <Choice
        label="What was done"
        at={`${at}/${kind}`}
        value={any ? 'any' : kind}
        options={withNever(verbs, condition, step)}
        onChange={(to) => {
          if (to === 'never') onChange(toggleNever(condition));
          else if (to === 'any') onChange(withOther(condition, kind, 'event', '*'));
          else onChange(withOther(condition, kind, to, any ? '' : name));
        }}
      />
      {kind === 'event' && !any && (
        <NameField {...field} label="Event" source={{ kind: 'event' }} placeholder="event" />
      )}
      {kind === 'page' && <PatternField {...field} label="Page" source={{ kind: 'page' }} placeholder="/pricing*" />}
      {kind === 'page_name' && (
        <PatternField {...field} label="Name of the page" source={undefined} placeholder="Pricing*" />
      )}
      {kind === 'screen' && (
        <PatternField {...field} label="Screen" source={{ kind: 'screen' }} placeholder="Settings*" />
      )}
      <ActivityParts
        {...props}
        source={kind === 'event' ? { kind: 'property', event: name } : undefined}
        of={any ? 'the activity' : name || 'the activity'}
      />
    </>
  );
}

/** What any activity can have: how often, when, and where. */
export function ActivityParts({
  condition,
  onChange,
  at,
  step,
  source,
  of,
  more,
}: Props & { source: Source | undefined; of: string; more?: readonly Addition[] }) {
  const measure = measureOf(condition);
  const never = isNever(condition.count);
  const adds: Addition[] = [];
  if (!step && (!measure || never))
    adds.push({ label: 'how often', onClick: () => onChange(withMeasure(condition, 'count')) });
  if (!step && condition.when === undefined && measure !== 'regularly')
    adds.push({ label: 'when', onClick: () => onChange(withKey(condition, 'when', { last: '30d' })) });
  if (condition.where === undefined)
    adds.push({ label: 'where', onClick: () => onChange(withKey(condition, 'where', [newProperty()])) });
  return (
    <>
      {measure && !never && (
        <Part label="how often" onRemove={() => onChange(withMeasure(condition, undefined))}>
          <OftenFields condition={condition} onChange={onChange} at={at} source={source} />
        </Part>
      )}
      {condition.when !== undefined && (
        <Part label="when" onRemove={() => onChange(withKey(condition, 'when', undefined))}>
          <WhenFields
            value={condition.when as never}
            onChange={(when, merge) => onChange(withKey(condition, 'when', when), merge)}
            at={`${at}/when`}
          />
        </Part>
      )}
      {condition.where !== undefined && (
        <Part label="where" onRemove={() => onChange(withKey(condition, 'where', undefined))}>
          <Word>where</Word>
          <InnerFields
            value={condition.where}
            onChange={(where, merge) => onChange(withKey(condition, 'where', where), merge)}
            at={`${at}/where`}
            source={source}
          />
        </Part>
      )}
      <Tail adds={adds} more={more} of={of} />
    </>
  );
}
