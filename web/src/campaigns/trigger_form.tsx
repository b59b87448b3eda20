import { Checkbox, NumberInput, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ConditionWords } from '../condition/words_field';
import type { Condition } from '../definition/condition';
import { everySegmentQuery } from '../segments/api';
import type { Spec, Trigger } from './api';
import { DurationField } from './duration_field';
import { triggerNames } from './words';

/** What begins a campaign, for whom, how often, and when it ends for somebody before its last step. */
export function TriggerForm({
  spec,
  change,
  readOnly,
}: {
  spec: Spec;
  change: (edit: Partial<Spec>) => void;
  readOnly: boolean;
}) {
  const { trigger } = spec;
  const set = (edit: Partial<Trigger>) => change({ trigger: { ...trigger, ...edit } });
  const ofSegment = trigger.kind === 'segment_entered' || trigger.kind === 'segment_left';
  return (
    <Stack gap="sm">
      <Select
        label="Begins when"
        allowDeselect={false}
        readOnly={readOnly}
        data={Object.entries(triggerNames).map(([value, label]) => ({ value, label }))}
        value={trigger.kind}
        onChange={(kind) => change({ trigger: { kind: kind as Trigger['kind'] }, members: undefined })}
      />
      {ofSegment && <OfSegment trigger={trigger} set={set} readOnly={readOnly} />}
      {trigger.kind === 'segment_entered' && (
        <Switch
          label="Those who are in it already begin as well"
          disabled={readOnly}
          checked={spec.members === 'current'}
          onChange={(event) => change({ members: event.currentTarget.checked ? 'current' : undefined })}
        />
      )}
      {trigger.kind === 'event' && (
        <TextInput
          label="Event"
          description="One that is older than 72 hours when it reaches Carpel begins nothing"
          readOnly={readOnly}
          value={trigger.event ?? ''}
          onChange={(event) => set({ event: event.currentTarget.value })}
        />
      )}
      {trigger.kind === 'date' && <OfDate trigger={trigger} set={set} readOnly={readOnly} />}
      <ConditionWords
        label="Only who match"
        description="Looked at in the beginning, and again before each message"
        value={spec.filter as Condition | undefined}
        change={(filter) => change({ filter })}
        readOnly={readOnly}
      />
      <Select
        label="Again"
        allowDeselect={false}
        readOnly={readOnly}
        data={[
          { value: 'never', label: 'Each person once' },
          { value: 'after_exit', label: 'Again, once they are through' },
          { value: 'always', label: 'Every time, also while under way' },
        ]}
        value={spec.reentry?.rule ?? 'never'}
        onChange={(rule) =>
          change({ reentry: rule === 'never' ? undefined : { ...spec.reentry, rule: rule as 'always' } })
        }
      />
      {spec.reentry?.rule && spec.reentry.rule !== 'never' && (
        <DurationField
          label="After at least"
          value={spec.reentry.wait ?? '1d'}
          change={(wait) => change({ reentry: { ...spec.reentry, wait } })}
          readOnly={readOnly}
        />
      )}
      <Select
        label="Ends early"
        allowDeselect={false}
        readOnly={readOnly}
        data={[
          { value: 'never', label: 'Never: everybody goes through' },
          { value: 'unmatched', label: 'When they no longer fit the segment' },
          { value: 'goal', label: 'When they reach the goal' },
        ]}
        value={spec.exit ?? 'never'}
        onChange={(exit) => change({ exit: exit === 'never' ? undefined : (exit as Spec['exit']) })}
      />
      <TextInput
        label="Goal"
        description="Event that counts as converted"
        placeholder="None"
        readOnly={readOnly}
        value={spec.goal?.event ?? ''}
        onChange={(event) => {
          const name = event.currentTarget.value;
          change({ goal: name ? { within: '7d', ...spec.goal, event: name } : undefined });
        }}
      />
    </Stack>
  );
}

interface Of {
  trigger: Trigger;
  set: (edit: Partial<Trigger>) => void;
  readOnly: boolean;
}

function OfSegment({ trigger, set, readOnly }: Of) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const segments = useQuery(everySegmentQuery(workspace)).data ?? [];
  return (
    <>
      <Select
        label="Segment"
        placeholder="Choose one"
        searchable
        readOnly={readOnly}
        data={segments.map((s) => ({ value: s.id, label: s.name }))}
        value={trigger.segment || null}
        onChange={(segment) => set({ segment: segment ?? undefined })}
      />
      <Checkbox.Group
        label="Begins also by"
        value={trigger.causes ?? []}
        onChange={(causes) => set({ causes: causes.length ? (causes as Trigger['causes']) : undefined })}
      >
        <Stack gap={6} mt={6}>
          <Checkbox value="import" label="an import" disabled={readOnly} />
          <Checkbox value="definition" label="an edit of the segment" disabled={readOnly} />
          <Checkbox value="merge" label="a merge of two people" disabled={readOnly} />
        </Stack>
      </Checkbox.Group>
    </>
  );
}

function OfDate({ trigger, set, readOnly }: Of) {
  return (
    <>
      <TextInput
        label="Attribute with the date"
        readOnly={readOnly}
        value={trigger.attribute ?? ''}
        onChange={(event) => set({ attribute: event.currentTarget.value })}
      />
      <NumberInput
        label="Days after it"
        description="Before it when negative"
        min={-365}
        max={365}
        allowDecimal={false}
        readOnly={readOnly}
        value={trigger.days ?? 0}
        onChange={(n) => set({ days: Number(n) || undefined })}
      />
      <TextInput
        type="time"
        label="At"
        description="Where the person is"
        readOnly={readOnly}
        value={trigger.at ?? '09:00'}
        onChange={(event) => set({ at: event.currentTarget.value })}
      />
      <Switch
        label="Every year"
        disabled={readOnly}
        checked={trigger.every === 'year'}
        onChange={(event) => set({ every: event.currentTarget.checked ? 'year' : undefined })}
      />
    </>
  );
}
