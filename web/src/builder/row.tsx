import { ActionIcon, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconGripVertical, IconX } from '@tabler/icons-react';
import { ConditionEditor } from '../condition/editor';
import { type GroupNode, type Node, setCondition } from '../definition/tree';
import { useBench } from './bench';
import classes from './builder.module.css';
import { Effect } from './effect';
import { GroupBody } from './group';
import { RowActions } from './row_actions';
import { Warnings } from './warnings';

/** What the rows of a box are called. */
export type Sort = 'condition' | 'exclusion';

export interface RowProps {
  node: Node;
  /** The group that it stands in. */
  parent: GroupNode;
  /** Its number, as 2 or 2.1, within its box, and what that box is of. */
  number: string;
  of: Sort;
}

/** One condition or group: what it says, what it does to the count, and what can be done with it. */
export function Row({ node, parent, number, of }: RowProps) {
  const { drag, readOnly } = useBench();
  const group = node.kind === 'group';
  const what = `${of} ${group ? 'group ' : ''}${number}`;
  return (
    <li
      className={classes.row}
      data-node={node.id}
      data-kind={group ? 'group' : 'row'}
      data-muted={node.muted}
      data-dragged={drag.node === node.id || undefined}
      data-drop={drag.drop?.over === node.id ? drag.drop.side : undefined}
      aria-label={node.muted ? `${what}, muted` : what}
    >
      {!readOnly && <Grip node={node} what={what} />}
      <div className={classes.content} data-content>
        <Content node={node} number={number} of={of} />
        <Warnings node={node} />
        <Effect node={node} parent={parent} excludes={of === 'exclusion' && !number.includes('.')} />
      </div>
      <div className={classes.actions}>
        <Verdict node={node} />
        {!readOnly && <RowActions node={node} parent={parent} what={what} />}
      </div>
    </li>
  );
}

function Content({ node, number, of }: { node: Node; number: string; of: Sort }) {
  const { editing, live } = useBench();
  switch (node.kind) {
    case 'group':
      return <GroupBody group={node} number={number} of={of} />;
    case 'not':
      return (
        <div className={classes.not}>
          <Text size="sm" fw={600}>
            Not true of them:
          </Text>
          <Content node={node.child} number={number} of={of} />
        </div>
      );
    case 'leaf':
      return (
        <ConditionEditor
          label={`${of} ${number}`}
          condition={node.condition}
          onChange={(next, merge) =>
            editing.edit((both) => setCondition(both, node.id, next), merge ? node.id : undefined)
          }
          faults={live.faults.get(node.id)}
        />
      );
  }
}

/** What a row is moved by: with the mouse, and with Alt and the arrows. */
function Grip({ node, what }: { node: Node; what: string }) {
  const { drag } = useBench();
  return (
    <Tooltip label="Drag, or Alt+↑ and Alt+↓">
      <ActionIcon
        size="sm"
        className={classes.grip}
        draggable
        data-grip
        aria-label={`Move ${what}`}
        aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown Delete"
        onDragStart={(event) => drag.start(event, node.id)}
        onDragEnd={drag.end}
      >
        <IconGripVertical size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Whether a match at a pointer speaks against being in. */
const takesOut = (pointer: string) =>
  pointer.split('/').filter((key) => key === 'none' || key === 'not').length % 2 === 1;

/** Whether what is here speaks for the person who is checked being in: where a match takes out, it says so. */
function Verdict({ node }: { node: Node }) {
  const verdict = useBench().verdicts.get(node.id);
  if (!verdict) return null;
  const { matched } = verdict;
  const out = takesOut(verdict.pointer);
  const good = matched !== out;
  const Mark = good ? IconCheck : IconX;
  const says = out
    ? matched
      ? 'The person is excluded by this'
      : 'The person is not excluded by this'
    : matched
      ? 'The person matches'
      : 'The person does not match';
  return (
    <Tooltip label={`${says}: ${verdict.actual || 'nothing'}, wanted: ${verdict.wanted}`} multiline maw={320}>
      <span className={classes.verdict} data-good={good || undefined}>
        {out && matched && (
          <Text span size="xs" aria-hidden>
            excluded by this
          </Text>
        )}
        <Mark size={16} stroke={2.6} aria-hidden />
        <VisuallyHidden>{says}</VisuallyHidden>
      </span>
    </Tooltip>
  );
}
