import { useEffect, useId, useRef, useState } from 'react';
import { type Condition, subjectOf } from '../definition/condition';
import { ActivityFields } from './activity';
import { AttributeFields } from './attribute';
import style from './condition.module.css';
import { covered } from './cover';
import { DeviceFields } from './device';
import type { Change } from './edit';
import { type Fault, FaultList, FaultsOf } from './fault';
import { isFresh } from './fresh';
import { MessageFields } from './message';
import { SampleFields } from './sample';
import { SegmentFields } from './segment';
import { SequenceFields } from './sequence';
import { suggested } from './suggested';
import { EditText } from './tail';
import { TextEditor } from './text';
import { PropertyFields } from './where';

export type { Fault } from './fault';

interface Props {
  condition: Condition;
  onChange: (next: Condition, merge?: boolean) => void;
  faults?: readonly Fault[];
  label: string;
}

/** One condition, as a sentence whose words can be changed. Untouched it stays exactly as it came. */
export function ConditionEditor({ condition, onChange, faults = [], label }: Props) {
  const id = useId();
  const [asText, setAsText] = useState(false);
  const shown = covered(condition);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isFresh(condition)) focusNext(place.current);
  }, [condition]);
  return (
    <FaultsOf faults={faults} id={id}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset does not lay out as a sentence */}
      <div role="group" aria-label={label} ref={place}>
        {shown && !asText ? (
          <EditText value={() => setAsText(true)}>
            <div className={style.sentence}>
              <Fields condition={condition} onChange={onChange} at="" />
            </div>
          </EditText>
        ) : (
          <TextEditor
            condition={condition}
            onChange={onChange}
            onClose={shown ? () => setAsText(false) : undefined}
            autoFocus={asText}
          />
        )}
        <FaultList onSuggestion={(fault) => onChange(suggested(condition, fault))} />
      </div>
    </FaultsOf>
  );
}

function Fields(props: { condition: Condition; onChange: Change<Condition>; at: string }) {
  switch (subjectOf(props.condition)) {
    case 'attribute':
      return <AttributeFields {...props} />;
    case 'event':
    case 'page':
    case 'page_name':
    case 'screen':
      return <ActivityFields {...props} />;
    case 'message':
      return <MessageFields {...props} />;
    case 'device':
      return <DeviceFields {...props} />;
    case 'not':
    case 'segment':
      return <SegmentFields {...props} />;
    case 'sequence':
      return <SequenceFields {...props} />;
    case 'sample':
      return <SampleFields {...props} />;
    case 'property':
      return <PropertyFields {...props} source={undefined} />;
  }
  return null;
}

/** Goes where one goes on after a condition was chosen: to its value, or to what can be added to it. */
function focusNext(place: HTMLElement | null) {
  const all = (selector: string) => [...(place?.querySelectorAll<HTMLElement>(selector) ?? [])];
  const next = all('input:not([data-name])')[0] ?? all('[data-add]')[0] ?? all('input, [role="combobox"]').at(-1);
  next?.focus();
}
