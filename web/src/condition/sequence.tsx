import { ActionIcon } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconX } from '@tabler/icons-react';
import { type Condition, type Json, subjectOf } from '../definition/condition';
import { ActivityFields } from './activity';
import { Choice } from './choice';
import style from './condition.module.css';
import { shortDurations } from './duration';
import { type Change, withKey } from './edit';
import { MessageFields } from './message';
import { Part, Word } from './part';
import { addStep, inside, isNot, mostSteps, moveStep, removeStep, setLastNot, setStep, stepsOf } from './steps';
import { EditText, Tail } from './tail';
import { DurationField } from './time';
import { WhenFields } from './when';

const follows = [
  { value: 'then', words: 'then' },
  { value: 'not', words: 'then never' },
] as const;

/** Several things done in order: signed up, then viewed the pricing page, all within 7 days. */
export function SequenceFields(props: { condition: Condition; onChange: Change<Condition>; at: string }) {
  const { condition, onChange, at } = props;
  const steps = stepsOf(condition);
  const lastNot = isNot(steps.at(-1));
  const { within, when } = condition;
  return (
    <>
      <EditText value={undefined}>
        <ol className={style.steps}>
          {steps.map((step, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name
            <li key={i} className={`${style.sentence} ${style.part}`}>
              <StepFields condition={condition} onChange={onChange} at={at} index={i} step={step} />
            </li>
          ))}
        </ol>
      </EditText>
      <div className={style.sentence}>
        {within !== undefined && (
          <Part label="within" onRemove={lastNot ? undefined : () => onChange(withKey(condition, 'within', undefined))}>
            <Word>{lastNot ? 'within the next' : 'all within'}</Word>
            <DurationField
              label="Within"
              at={`${at}/within`}
              value={within}
              usual={shortDurations}
              onChange={(next, merge) => onChange(withKey(condition, 'within', next), merge)}
            />
          </Part>
        )}
        {when !== undefined && (
          <Part label="when" onRemove={() => onChange(withKey(condition, 'when', undefined))}>
            <WhenFields
              value={when as { [key: string]: Json }}
              onChange={(next, merge) => onChange(withKey(condition, 'when', next), merge)}
              at={`${at}/when`}
            />
          </Part>
        )}
        <Tail
          adds={[
            ...(steps.length < mostSteps
              ? [
                  { label: 'step', onClick: () => onChange(addStep(condition, { event: '*' })) },
                  {
                    label: 'message',
                    onClick: () => onChange(addStep(condition, { message: 'email', action: 'opened' })),
                  },
                ]
              : []),
            ...(within === undefined
              ? [{ label: 'within', onClick: () => onChange(withKey(condition, 'within', '7d')) }]
              : []),
            ...(when === undefined
              ? [{ label: 'when', onClick: () => onChange(withKey(condition, 'when', { last: '90d' })) }]
              : []),
          ]}
          of="the sequence"
        />
      </div>
    </>
  );
}

function StepFields(props: {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
  index: number;
  step: Condition;
}) {
  const { condition, onChange, at, index, step } = props;
  const count = stepsOf(condition).length;
  const last = index === count - 1;
  const body = inside(step);
  const message = subjectOf(body) === 'message';
  const fields = {
    condition: body,
    onChange: (next: Condition, merge?: boolean) => onChange(setStep(condition, index, next), merge),
    at: `${at}/sequence/${index}${isNot(step) ? '/not' : ''}`,
    step: true,
  };
  const button = (label: string, icon: React.ReactNode, next: Condition) => (
    <ActionIcon size="xs" aria-label={label} onClick={() => onChange(next)}>
      {icon}
    </ActionIcon>
  );
  const name = `step ${index + 1}`;
  return (
    <>
      {index === 0 && <Word>first</Word>}
      {index > 0 && !last && <Word>then</Word>}
      {index > 0 && last && (
        <Choice
          label="The last step"
          at={fields.at}
          value={isNot(step) ? 'not' : 'then'}
          options={follows}
          onChange={(to) => onChange(setLastNot(condition, to === 'not'))}
        />
      )}
      {message ? <MessageFields {...fields} /> : <ActivityFields {...fields} />}
      <span className={style.tools}>
        {index > 0 && button(`Move ${name} up`, <IconArrowUp size={12} />, moveStep(condition, index, -1))}
        {!last && button(`Move ${name} down`, <IconArrowDown size={12} />, moveStep(condition, index, 1))}
        {count > 2 && button(`Remove ${name}`, <IconX size={12} />, removeStep(condition, index))}
      </span>
    </>
  );
}
