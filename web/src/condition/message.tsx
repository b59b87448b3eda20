import type { Condition } from '../definition/condition';
import { ActivityParts } from './activity';
import { Choice } from './choice';
import { type Change, isText, withKey } from './edit';
import { NameField, PatternField } from './name';
import { toggleNever, withNever } from './never';
import { Part, Word } from './part';
import type { Addition } from './tail';

import { actions, channels } from './words';

interface Props {
  condition: Condition;
  onChange: Change<Condition>;
  at: string;
  step?: boolean;
}

/** What happened with a message: opened an email of newsletter-12 in the last 30 days. */
export function MessageFields({ condition, onChange, at, step }: Props) {
  const action = actions.find((a) => a.value === condition.action)?.value ?? 'opened';
  const channel = channels.find((c) => c.value === condition.message)?.value ?? 'any';
  const byMachine = action === 'opened' || action === 'clicked';
  const set = (key: string) => (next: string | true | undefined, merge?: boolean) =>
    onChange(withKey(condition, key, next), merge);
  const more: Addition[] = [];
  if (condition.campaign === undefined) more.push({ label: 'Of one campaign', onClick: () => set('campaign')('') });
  if (condition.link === undefined && action === 'clicked')
    more.push({ label: 'On one link', onClick: () => set('link')('/') });
  if (condition.machine !== true && byMachine)
    more.push({ label: 'Count machines too', onClick: () => set('machine')(true) });
  return (
    <>
      <Choice
        label="What happened"
        at={`${at}/action`}
        value={action}
        options={withNever(actions, condition, step)}
        onChange={(to) => onChange(to === 'never' ? toggleNever(condition) : withAction(condition, to))}
      />
      <Choice label="Channel" at={`${at}/message`} value={channel} options={channels} onChange={set('message')} />
      {condition.campaign !== undefined && (
        <Part label="campaign" onRemove={() => set('campaign')(undefined)}>
          <Word>of</Word>
          <NameField
            label="Campaign"
            at={`${at}/campaign`}
            value={isText(condition.campaign) ? condition.campaign : ''}
            onChange={set('campaign')}
            source={{ kind: 'campaign' }}
            placeholder="campaign"
          />
        </Part>
      )}
      {condition.link !== undefined && (
        <Part label="link" onRemove={() => set('link')(undefined)}>
          <Word>to</Word>
          <PatternField
            label="Link"
            at={`${at}/link`}
            value={isText(condition.link) ? condition.link : ''}
            onChange={set('link')}
            source={{ kind: 'link' }}
            placeholder="/pricing*"
          />
        </Part>
      )}
      {condition.machine === true && (
        <Part label="machines" onRemove={() => set('machine')(undefined)}>
          <Word>(machines counted too)</Word>
        </Part>
      )}
      <ActivityParts
        condition={condition}
        onChange={onChange}
        at={at}
        step={step}
        source={undefined}
        of="the message"
        more={more}
      />
    </>
  );
}

/** The condition with another action; a link belongs to clicks alone. */
function withAction(condition: Condition, action: string): Condition {
  const next = withKey(condition, 'action', action);
  return action === 'clicked' ? next : withKey(next, 'link', undefined);
}
