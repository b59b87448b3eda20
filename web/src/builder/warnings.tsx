import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { suggested } from '../condition/suggested';
import type { Note } from '../definition/place';
import { childrenOf, type Node, setCondition } from '../definition/tree';
import { useBench } from './bench';
import classes from './builder.module.css';

/** What the server finds odd about a row, each with its repair where there is one. */
export function Warnings({ node }: { node: Node }) {
  const { live } = useBench();
  return about(node).flatMap((n) => {
    const faults = n.kind === 'leaf' ? [] : (live.faults.get(n.id) ?? []); // a condition shows its own
    return [
      ...faults.map((note) => <Warning key={`${n.id} ${note.pointer} fault`} node={n} note={note} fault />),
      ...(live.warnings.get(n.id) ?? []).map((note) => (
        <Warning key={`${n.id} ${note.pointer} ${note.code}`} node={n} note={note} />
      )),
    ];
  });
}

/** The nodes that a row speaks for: itself, and what stands in its not. */
const about = (node: Node): Node[] => (node.kind === 'not' ? [node, ...childrenOf(node).flatMap(about)] : [node]);

function Warning({ node, note, fault }: { node: Node; note: Note; fault?: boolean }) {
  const { editing, remove, readOnly } = useBench();
  const repaired = node.kind === 'leaf' ? suggested(node.condition, note) : undefined;
  return (
    <div className={classes.warning} data-fault={fault}>
      <IconAlertTriangle size={16} aria-hidden />
      <div>
        {note.message}
        {!readOnly && node.kind === 'leaf' && repaired && repaired !== node.condition && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => editing.edit((both) => setCondition(both, node.id, repaired))}
          >
            Use {note.suggestion}
          </Button>
        )}
        {!readOnly && note.code === 'duplicate' && (
          <Button size="compact-xs" variant="default" onClick={() => remove(node.id)}>
            Remove it
          </Button>
        )}
      </div>
    </div>
  );
}
