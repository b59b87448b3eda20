import { ActionIcon, Badge, Group, Menu, Stack, Text, ThemeIcon, UnstyledButton } from '@mantine/core';
import {
  IconArrowsSplit2,
  IconBolt,
  IconClock,
  IconClockPause,
  IconDoorExit,
  IconPencil,
  IconPlus,
  IconSend,
  IconWebhook,
} from '@tabler/icons-react';
import { Fragment } from 'react';
import { number } from '../app/format';
import type { Spec, Step } from './api';
import classes from './canvas.module.css';
import { layOut, type Shown, type Slot, type Way } from './flow';
import { stepNames, stepWords, triggerWords } from './words';

export const icons: Readonly<Record<Step['kind'], typeof IconSend>> = {
  send: IconSend,
  wait: IconClock,
  wait_until: IconClockPause,
  branch: IconArrowsSplit2,
  update: IconPencil,
  webhook: IconWebhook,
  exit: IconDoorExit,
};

/** Where a step is put in: behind a way out of another; at the beginning without one. */
export interface Place {
  after?: string;
  slot: Slot;
}

interface Props {
  spec: Spec;
  chosen?: string; // id of a step, or "trigger"
  choose: (id: string) => void;
  /** Undefined for who may only look. */
  add?: (at: Place, kind: Step['kind']) => void;
  /** How many people are at each step now. */
  people: Readonly<Record<string, number>>;
  fault?: string; // id of the step that is at fault
  segment: (id: string) => string;
  template: (id: string) => string;
}

/** A campaign drawn: what begins it, then step by step, the ways that part beside each other. */
export function Canvas(props: Props) {
  const { main, loose } = layOut(props.spec.steps);
  return (
    <section className={classes.scroll} aria-label="Steps">
      <div className={classes.way}>
        <UnstyledButton
          className={classes.card}
          data-chosen={props.chosen === 'trigger'}
          onClick={() => props.choose('trigger')}
        >
          <Group gap="xs" wrap="nowrap">
            <ThemeIcon variant="light" color="yellow">
              <IconBolt size={16} />
            </ThemeIcon>
            <Stack gap={0} miw={0}>
              <Text size="sm" fw={600}>
                When somebody
              </Text>
              <Text size="sm" c="dimmed" lineClamp={2}>
                {triggerWords(props.spec.trigger, props.segment)}
              </Text>
            </Stack>
          </Group>
        </UnstyledButton>
        <Add {...props} at={{ slot: 'next' }} />
        <Steps {...props} way={main} />
        {loose.map((way) => (
          <Fragment key={way.steps[0]?.step.id}>
            <Text size="sm" c="dimmed" mt="lg" mb="xs">
              No way leads here
            </Text>
            <Steps {...props} way={way} />
          </Fragment>
        ))}
      </div>
    </section>
  );
}

function Steps({ way, ...props }: Props & { way: Way }) {
  return (
    <div className={classes.way}>
      {way.steps.map((shown) => (
        <Fragment key={shown.step.id}>
          <Card {...props} step={shown.step} />
          {shown.ways.length > 0 ? <Parting {...props} shown={shown} /> : <Behind {...props} step={shown.step} />}
        </Fragment>
      ))}
      {way.joins && <span className={classes.end}>goes on at {way.joins}</span>}
      {!way.joins && way.steps.at(-1)?.ways.length === 0 && way.steps.at(-1)?.step.kind !== 'exit' && <End />}
      {!way.joins && way.steps.length === 0 && <End />}
    </div>
  );
}

const End = () => <span className={classes.end}>End</span>;

function Behind({ step, ...props }: Props & { step: Step }) {
  if (step.kind === 'exit') return null;
  return <Add {...props} at={{ after: step.id, slot: 'next' }} />;
}

function Parting({ shown, ...props }: Props & { shown: Shown }) {
  return (
    <>
      <div className={classes.line} />
      <div className={classes.ways}>
        {shown.ways.map(({ label, slot, way }) => (
          <div key={String(slot)} className={classes.way}>
            <Badge variant="default" tt="none" fw={500}>
              {label}
            </Badge>
            <Add {...props} at={{ after: shown.step.id, slot }} />
            <Steps {...props} way={way} />
          </div>
        ))}
      </div>
    </>
  );
}

function Card({ step, chosen, choose, people, fault, template }: Props & { step: Step }) {
  const Icon = icons[step.kind];
  const here = people[step.id] ?? 0;
  return (
    <UnstyledButton
      className={classes.card}
      data-chosen={chosen === step.id}
      data-fault={fault === step.id}
      onClick={() => choose(step.id)}
    >
      <Group gap="xs" wrap="nowrap">
        <ThemeIcon variant="light">
          <Icon size={16} />
        </ThemeIcon>
        <Stack gap={0} miw={0} flex={1}>
          <Text size="sm" fw={600} truncate>
            {step.name || stepNames[step.kind]}
          </Text>
          <Text size="sm" c="dimmed" truncate>
            {stepWords(step, template)}
          </Text>
        </Stack>
        {here > 0 && (
          <Badge variant="light" title="People here now">
            {number(here)}
          </Badge>
        )}
      </Group>
    </UnstyledButton>
  );
}

function Add({ at, add, spec }: Props & { at: Place }) {
  if (!add) return <div className={classes.line} />;
  const named = at.after ? (spec.steps.find((s) => s.id === at.after)?.name ?? at.after) : 'the beginning';
  return (
    <>
      <div className={classes.line} />
      <Menu position="right" withArrow>
        <Menu.Target>
          <ActionIcon variant="default" radius="xl" size="sm" aria-label={`Add a step after ${named}`}>
            <IconPlus size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {Object.entries(stepNames).map(([kind, label]) => {
            const Icon = icons[kind as Step['kind']];
            return (
              <Menu.Item key={kind} leftSection={<Icon size={16} />} onClick={() => add(at, kind as Step['kind'])}>
                {label}
              </Menu.Item>
            );
          })}
        </Menu.Dropdown>
      </Menu>
      <div className={classes.line} />
    </>
  );
}
