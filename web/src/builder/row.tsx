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

export interface RowProps {
  node: Node;
  /** The group that it stands in. */
  parent: GroupNode;
  /** Its number, as 2 or 2.1, within the box. */
  number: string;
  /** It stands in the Exclude box itself: there a row takes people out. */
  excludes?: boolean;
}

/** One condition or group: what it says, what it does to the count, and what can be done with it. */
export function Row({ node, parent, number, excludes }: RowProps) {
  const { drag, readOnly } = useBench();
  const group = node.kind === 'group';
  const what = `${group ? 'group' : 'condition'} ${number}`;
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
        <Content node={node} number={number} what={what} />
        <Warnings node={node} />
        <Effect node={node} parent={parent} excludes={excludes} />
      </div>
      <div className={classes.actions}>
        <Verdict node={node} />
        {!readOnly && <RowActions node={node} parent={parent} what={what} />}
      </div>
    </li>
  );
}

function Content({ node, number, what }: { node: Node; number: string; what: string }) {
  const { editing, live } = useBench();
  switch (node.kind) {
    case 'group':
      return <GroupBody group={node} number={number} />;
    case 'not':
      return (
        <div className={classes.not}>
          <Text size="sm" fw={600}>
            Not true of them:
          </Text>
          <Content node={node.child} number={number} what={what} />
        </div>
      );
    case 'leaf':
      return (
        <ConditionEditor
          label={what}
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

/** Whether the person who is checked matches here. */
function Verdict({ node }: { node: Node }) {
  const verdict = useBench().verdicts.get(node.id);
  if (!verdict) return null;
  const Mark = verdict.matched ? IconCheck : IconX;
  return (
    <Tooltip label={`${verdict.actual || 'nothing'}, wanted: ${verdict.wanted}`} multiline maw={320}>
      <span className={classes.verdict} data-matched={verdict.matched || undefined}>
        <Mark size={16} stroke={2.6} aria-hidden />
        <VisuallyHidden>{verdict.matched ? 'The person matches' : 'The person does not match'}</VisuallyHidden>
      </span>
    </Tooltip>
  );
}
