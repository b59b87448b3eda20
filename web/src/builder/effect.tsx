import { Tooltip } from '@mantine/core';
import { number, percent } from '../app/format';
import type { GroupNode, Node } from '../definition/tree';
import { useBench } from './bench';
import classes from './builder.module.css';

interface Shown {
  word: string;
  value: number;
  about: string;
}

/** What a condition does: people it matches alone, what is left behind it, and what there would be without it. */
export function Effect({ node, parent, excludes }: { node: Node; parent: GroupNode; excludes?: boolean }) {
  const { live } = useBench();
  const shown = useShown(node, parent, excludes);
  if (node.muted) return <p className={classes.effect}>Muted: not counted</p>;
  if (!live.preview || shown.length === 0) return null;
  const whole = live.preview.people;
  return (
    <dl className={classes.effect} data-stale={!live.fresh || undefined}>
      {shown.map(({ word, value, about }) => (
        <Tooltip key={word} label={`${about}: ${percent(value, whole)} of all`} multiline maw={280}>
          <div>
            <dt>{word}</dt>
            <dd>{number(value)}</dd>
            <span className={classes.bar} aria-hidden>
              <span data-some={value > 0 || undefined} style={{ width: `${whole > 0 ? (100 * value) / whole : 0}%` }} />
            </span>
          </div>
        </Tooltip>
      ))}
    </dl>
  );
}

function useShown(node: Node, parent: GroupNode, excludes?: boolean): Shown[] {
  const { live } = useBench();
  const count = live.counts.get(node.id);
  if (!count || !live.preview) return [];
  const total = live.preview.count;
  const { alone, left, without } = count;
  const shown: Shown[] = [{ word: 'alone', value: alone, about: 'People who match this by itself' }];
  if (excludes && parent.quantifier === 'any') {
    const before = without ?? live.counts.get(parent.id)?.without ?? live.preview.people;
    shown.push({ word: 'removes', value: before - total, about: 'People who would be in without this exclusion' });
    return shown;
  }
  if (parent.children.length < 2 && without === null) return shown;
  if (parent.quantifier === 'all')
    shown.push({ word: 'left', value: left, about: 'People left when this and the conditions above it are applied' });
  else
    shown.push({ word: 'so far', value: left, about: 'People matched by this and the conditions above it together' });
  if (without !== null)
    shown.push({ word: 'without', value: without, about: 'People in the segment if this were taken out' });
  return shown;
}
