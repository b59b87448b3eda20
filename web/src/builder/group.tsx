import { Button, Group, NativeSelect, Text } from '@mantine/core';
import { IconBoxMultiple } from '@tabler/icons-react';
import { AddCondition } from '../condition/add';
import { type Quantifier, quantifiers } from '../definition/condition';
import { fromDefinition, type GroupNode, group as newGroup, setQuantifier } from '../definition/tree';
import { useBench } from './bench';
import classes from './builder.module.css';
import { Row, type Sort } from './row';

/** A group inside a box: how many of its conditions must match, and its conditions. */
export function GroupBody({ group, number, of }: { group: GroupNode; number: string; of: Sort }) {
  return (
    <div className={classes.group}>
      <Group gap={6} mb={4}>
        <HowMany group={group} among={quantifiers} label={`How many of ${of} group ${number}`} />
        <Text size="sm">of these</Text>
      </Group>
      <Rows group={group} number={`${number}.`} of={of} />
      <Adding group={group} />
    </div>
  );
}

/** all, any or none of a group. */
export function HowMany({ group, among, label }: { group: GroupNode; among: readonly Quantifier[]; label: string }) {
  const { editing, readOnly } = useBench();
  return (
    <NativeSelect
      size="xs"
      className={classes.howMany}
      aria-label={label}
      data={[...among]}
      value={group.quantifier}
      disabled={readOnly}
      onChange={(event) => {
        const quantifier = event.currentTarget.value as Quantifier;
        editing.edit((both) => setQuantifier(both, group.id, quantifier));
      }}
    />
  );
}

/** The conditions of a group, with the word between them. */
export function Rows({ group, number, of }: { group: GroupNode; number: string; of: Sort }) {
  return (
    <ul className={classes.rows} data-word={group.quantifier === 'all' ? 'and' : 'or'}>
      {group.children.map((child, i) => (
        <Row key={child.id} node={child} parent={group} number={`${number}${i + 1}`} of={of} />
      ))}
    </ul>
  );
}

/** What a group can be given more. */
export function Adding({ group, autoFocus }: { group: GroupNode; autoFocus?: boolean }) {
  const { add, readOnly } = useBench();
  if (readOnly) return null;
  return (
    <Group gap={4} wrap="nowrap" className={classes.adding}>
      <div className={classes.addCondition}>
        <AddCondition onAdd={(condition) => add(group.id, fromDefinition(condition))} autoFocus={autoFocus} />
      </div>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        fw={500}
        leftSection={<IconBoxMultiple size={14} />}
        onClick={() => add(group.id, newGroup(group.quantifier === 'all' ? 'any' : 'all'))}
      >
        Add a group
      </Button>
    </Group>
  );
}
