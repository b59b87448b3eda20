import { Group, Paper, Text } from '@mantine/core';
import type { Quantifier } from '../definition/condition';
import type { GroupNode } from '../definition/tree';
import { useBench } from './bench';
import classes from './builder.module.css';
import { Adding, HowMany, Rows } from './group';

/** One of the two boxes: who is included, or who of them is excluded. */
export function Box({ group, excludes, autoFocus }: { group: GroupNode; excludes?: boolean; autoFocus?: boolean }) {
  const { drag } = useBench();
  const name = excludes ? 'Exclude' : 'Include';
  const among: readonly Quantifier[] = excludes ? ['any', 'all'] : ['all', 'any'];
  return (
    <Paper
      component="section"
      withBorder
      className={classes.box}
      aria-label={name}
      data-node={group.id}
      data-kind="box"
      data-excludes={excludes}
      data-drop={drag.drop?.over === group.id ? 'into' : undefined}
    >
      <Group gap={6} className={classes.boxHead}>
        <span className={classes.boxName}>{name}</span>
        <Text size="sm">people who match</Text>
        <HowMany group={group} among={among} label={`How many of the conditions to ${name.toLowerCase()} by`} />
        <Text size="sm">of these</Text>
      </Group>
      {group.children.length === 0 && (
        <Text size="sm" c="dimmed" className={classes.nothing}>
          {excludes ? 'Nobody is excluded.' : 'Everyone, until there is a condition.'}
        </Text>
      )}
      <Rows group={group} number="" of={excludes ? 'exclusion' : 'condition'} />
      <Adding group={group} autoFocus={autoFocus} />
    </Paper>
  );
}
