import {
  ActionIcon,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { ConditionWords } from '../condition/words_field';
import type { Condition } from '../definition/condition';
import { templatesQuery } from '../templates/api';
import type { Step } from './api';
import { DurationField } from './duration_field';
import { dayNames } from './words';

interface Props {
  step: Step;
  change: (edit: Partial<Step>) => void;
  readOnly: boolean;
}

/** What a step does. */
export function StepForm(props: Props) {
  const { step, change, readOnly } = props;
  const Fields = forms[step.kind];
  return (
    <Stack gap="sm">
      <TextInput
        label="Name"
        placeholder="By what it does"
        maxLength={150}
        readOnly={readOnly}
        value={step.name ?? ''}
        onChange={(event) => change({ name: event.currentTarget.value || undefined })}
      />
      <Fields {...props} />
    </Stack>
  );
}

function Send({ step, change, readOnly }: Props) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const templates = useQuery(templatesQuery(workspace)).data ?? [];
  return (
    <>
      <Select
        label="Template"
        placeholder="Choose one"
        searchable
        readOnly={readOnly}
        data={templates.map((t) => ({ value: t.id, label: t.name }))}
        value={step.template || null}
        onChange={(template) => change({ template: template ?? undefined })}
      />
      <Switch
        label="Also to those who unsubscribed"
        description="For what they must know, such as a receipt"
        disabled={readOnly}
        checked={step.everyone ?? false}
        onChange={(event) => change({ everyone: event.currentTarget.checked || undefined })}
      />
    </>
  );
}

function Wait({ step, change, readOnly }: Props) {
  return <DurationField label="For" value={step.for ?? ''} change={(d) => change({ for: d })} readOnly={readOnly} />;
}

function WaitUntil({ step, change, readOnly }: Props) {
  const event = step.event !== undefined;
  return (
    <>
      <SegmentedControl
        aria-label="Until what"
        readOnly={readOnly}
        value={event ? 'event' : 'time'}
        onChange={(to) =>
          change(
            to === 'event'
              ? { event: '', timeout: '3d', at: undefined, weekdays: undefined }
              : { at: '09:00', event: undefined, timeout: undefined, else: undefined, where: undefined },
          )
        }
        data={[
          { value: 'time', label: 'A time of day' },
          { value: 'event', label: 'An event' },
        ]}
      />
      {event ? (
        <>
          <TextInput
            label="Event"
            readOnly={readOnly}
            value={step.event ?? ''}
            onChange={(e) => change({ event: e.currentTarget.value })}
          />
          <DurationField
            label="At most"
            value={step.timeout ?? ''}
            change={(timeout) => change({ timeout })}
            readOnly={readOnly}
          />
        </>
      ) : (
        <>
          <MultiSelect
            label="On"
            placeholder={step.weekdays?.length ? undefined : 'Any day'}
            readOnly={readOnly}
            data={Object.entries(dayNames).map(([value, label]) => ({ value, label }))}
            value={step.weekdays ?? []}
            onChange={(weekdays) => change({ weekdays: weekdays.length ? weekdays : undefined })}
          />
          <TextInput
            type="time"
            label="At"
            description="Where the person is"
            readOnly={readOnly}
            value={step.at ?? '09:00'}
            onChange={(e) => change({ at: e.currentTarget.value })}
          />
        </>
      )}
    </>
  );
}

function Branch({ step, change, readOnly }: Props) {
  const branches = step.branches ?? [];
  const random = branches.some((b) => b.percent !== undefined);
  const set = (at: number, edit: Partial<(typeof branches)[number]>) =>
    change({ branches: branches.map((b, i) => (i === at ? { ...b, ...edit } : b)) });
  return (
    <>
      <SegmentedControl
        aria-label="How the ways part"
        readOnly={readOnly}
        value={random ? 'random' : 'conditions'}
        onChange={(to) =>
          change(
            to === 'random'
              ? { else: undefined, branches: branches.map(({ next }) => ({ next, percent: 100 / branches.length })) }
              : { branches: branches.map(({ next }) => ({ next })) },
          )
        }
        data={[
          { value: 'conditions', label: 'By conditions' },
          { value: 'random', label: 'By chance' },
        ]}
      />
      {!random && (
        <Text size="sm" c="dimmed">
          The first that fits is taken.
        </Text>
      )}
      {branches.map((b, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: ways are told apart by their place
        <Group key={`${i} of ${branches.length}`} align="flex-end" wrap="nowrap" gap="xs">
          <Stack flex={1} gap={0}>
            {random ? (
              <NumberInput
                label={`Way ${i + 1}`}
                suffix=" %"
                min={0}
                max={100}
                readOnly={readOnly}
                value={b.percent}
                onChange={(n) => set(i, { percent: Number(n) })}
              />
            ) : (
              <ConditionWords
                label={`If ${i + 1}`}
                value={b.if as Condition | undefined}
                change={(c) => set(i, { if: c })}
                readOnly={readOnly}
              />
            )}
          </Stack>
          {!readOnly && branches.length > (random ? 2 : 1) && (
            <ActionIcon
              size={36}
              aria-label={`Remove way ${i + 1}`}
              onClick={() => change({ branches: branches.filter((_, j) => j !== i) })}
            >
              <IconX size={16} />
            </ActionIcon>
          )}
        </Group>
      ))}
      {!readOnly && branches.length < 20 && (
        <Button
          variant="subtle"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          onClick={() => change({ branches: [...branches, random ? { percent: 0 } : {}] })}
        >
          Another way
        </Button>
      )}
    </>
  );
}

function Update({ step, change, readOnly }: Props) {
  return (
    <JSONField
      label="Attributes"
      description={'A JSON object: {"stage": "won", "trial": null}; null removes one'}
      value={step.attributes ?? {}}
      change={(attributes) => change({ attributes: attributes as Step['attributes'] })}
      readOnly={readOnly}
    />
  );
}

function CallWebhook({ step, change, readOnly }: Props) {
  const webhook = step.webhook ?? { method: 'POST', url: '' };
  return (
    <>
      <TextInput
        label="Address"
        placeholder="https://…"
        readOnly={readOnly}
        value={webhook.url}
        onChange={(event) => change({ webhook: { ...webhook, url: event.currentTarget.value } })}
      />
      <Textarea
        label="Body"
        description="Liquid: {{ customer.email | json }}"
        autosize
        minRows={4}
        readOnly={readOnly}
        value={webhook.body ?? ''}
        onChange={(event) => change({ webhook: { ...webhook, body: event.currentTarget.value } })}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
    </>
  );
}

const Exit = () => (
  <Text size="sm" c="dimmed">
    Whoever comes here is out.
  </Text>
);

const forms: Readonly<Record<Step['kind'], (props: Props) => React.ReactNode>> = {
  send: Send,
  wait: Wait,
  wait_until: WaitUntil,
  branch: Branch,
  update: Update,
  webhook: CallWebhook,
  exit: Exit,
};

/** A JSON object as text; what is no object stays as typed, with a word about it. */
function JSONField({
  label,
  description,
  value,
  change,
  readOnly,
}: {
  label: string;
  description: string;
  value: object;
  change: (value: object) => void;
  readOnly: boolean;
}) {
  const [typed, setTyped] = useState(() => JSON.stringify(value, null, 2));
  const [fault, setFault] = useState('');
  return (
    <Textarea
      label={label}
      description={description}
      autosize
      minRows={4}
      readOnly={readOnly}
      value={typed}
      error={fault || undefined}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        try {
          const read: unknown = JSON.parse(event.currentTarget.value);
          if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new Error('not an object');
          setFault('');
          change(read);
        } catch {
          setFault('This is no JSON object yet.');
        }
      }}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
    />
  );
}
