import { Card, Group, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { number, percent } from '../app/format';
import { visible } from '../app/reading';
import { Failure } from '../app/states';
import { effectQuery, formsQuery, type Segment } from './api';
import classes from './conditions.module.css';

/** The definition as a tree in words, each condition with how many people it is about. */
export function Conditions({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const words = useQuery(formsQuery(workspace, segment.definition));
  const effect = useQuery(effectQuery(workspace, segment.state === 'archived' ? undefined : segment.definition));
  const effects = new Map(effect.data?.nodes.map((n) => [n.pointer, n]));
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          Conditions
        </Title>
        {effect.data && (
          <Text size="xs" c="dimmed">
            Each alone, of {number(effect.data.people)} people
          </Text>
        )}
      </Group>
      <Failure error={words.error ?? effect.error} again={() => words.refetch()} />
      {words.isPending && <Skeleton h={80} />}
      <ul className={classes.tree} aria-label="Conditions">
        {words.data?.nodes.map(({ pointer, sentence }) => (
          <li key={pointer} className={classes.row} style={{ paddingLeft: depth(pointer) * 22 }}>
            <span className={classes.sentence} data-group={isGroup(sentence) || undefined}>
              {visible(capital(sentence))}
            </span>
            <Effect alone={effects.get(pointer)?.alone} of={effect.data?.people} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Effect({ alone, of }: { alone?: number; of?: number }) {
  if (alone === undefined || of === undefined) return <span />;
  return (
    <span className={classes.effect} title={`${percent(alone, of)} of everybody`}>
      <span className={classes.bar} aria-hidden>
        <span style={{ width: `${of > 0 ? (100 * alone) / of : 0}%` }} />
      </span>
      <span className={classes.number}>{number(alone)}</span>
    </span>
  );
}

/** How deep a condition stands: each step of a pointer is a group with a place in it, or a not. */
const depth = (pointer: string) => pointer.split('/').filter((token) => token && !/^\d+$/.test(token)).length;
const isGroup = (sentence: string) => /^((all|any|none) of these|not this)$/.test(sentence);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
