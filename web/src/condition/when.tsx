import { useZone } from '../app/format';
import type { Json } from '../definition/condition';
import { Choice } from './choice';
import { type Change, readNumber } from './edit';
import { Field } from './field';
import { todayIn } from './moment';
import { Word } from './part';
import { DurationField, MomentField } from './time';
import { type WindowKind, windowKind, windows, withWindow } from './window';

type When = { [key: string]: Json };

/** The window of time of an activity. */
export function WhenFields({ value, onChange, at }: { value: When; onChange: Change<When | undefined>; at: string }) {
  const zone = useZone();
  const kind = windowKind(value) ?? 'ever';
  const set = (key: string) => (next: Json, merge?: boolean) => onChange({ ...value, [key]: next }, merge);
  const duration = (key: string, label = 'How long') => (
    <DurationField label={label} at={`${at}/${key}`} value={value[key]} onChange={set(key)} />
  );
  const date = (key: string, label: string) => (
    <MomentField label={label} at={`${at}/${key}`} value={value[key]} onChange={set(key)} />
  );
  return (
    <>
      <Choice<WindowKind>
        label="When"
        at={at}
        value={kind}
        options={windows.map(({ kind, words, name, group }) => ({ value: kind, words, name, group }))}
        onChange={(next) => onChange(withWindow(value, next, todayIn(zone)))}
      />
      {kind === 'last' && duration('last')}
      {kind === 'before_last' && (
        <>
          {duration('before_last')}
          <Word>ago</Word>
        </>
      )}
      {kind === 'between' && <Between value={value.between as Json[]} onChange={set('between')} at={`${at}/between`} />}
      {kind === 'last_calendar_days' && (
        <>
          <Field
            label="How many days"
            at={`${at}/last_calendar_days`}
            value={value.last_calendar_days}
            onChange={set('last_calendar_days')}
            read={readNumber}
            input={{ inputMode: 'numeric' }}
          />
          <Word>days before</Word>
        </>
      )}
      {(kind === 'from' || kind === 'dates') && date('from', 'From')}
      {kind === 'dates' && <Word>until before</Word>}
      {(kind === 'before' || kind === 'dates') && date('before', 'Before')}
    </>
  );
}

function Between({ value, onChange, at }: { value: Json[]; onChange: Change<Json>; at: string }) {
  const [long = '', short = ''] = value;
  return (
    <>
      <DurationField
        label="Longest ago"
        at={`${at}/0`}
        whole={at}
        value={long}
        onChange={(d, merge) => onChange([d, short], merge)}
      />
      <Word>and</Word>
      <DurationField
        label="Shortest ago"
        at={`${at}/1`}
        whole={at}
        value={short}
        onChange={(d, merge) => onChange([long, d], merge)}
      />
      <Word>ago</Word>
    </>
  );
}
