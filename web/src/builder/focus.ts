import { type KeyboardEvent, useEffect, useRef } from 'react';
import { insert, type NodeId, parentOf, remove, step } from '../definition/tree';
import type { Bench } from './bench';
import type { Editing } from './draft';

type Wanted = { id: NodeId; part: 'grip' | 'input'; element?: Element | null };

/**
 * Edits after which the focus goes on where a person does: with a row that moves, into a group that is new. A new
 * condition takes it by itself.
 */
export function useRowFocus(editing: Editing) {
  const area = useRef<HTMLDivElement>(null);
  const wanted = useRef<Wanted>(undefined);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus is set once the rows are drawn
  useEffect(() => {
    const want = wanted.current;
    wanted.current = undefined;
    const row = want && area.current?.querySelector(`[data-node="${want.id}"]`);
    if (!row) return;
    const same = want.element instanceof HTMLElement && row.contains(want.element) ? want.element : undefined;
    const part = row.querySelector<HTMLElement>(want.part === 'grip' ? '[data-grip]' : 'input');
    (same ?? part ?? row.querySelector<HTMLElement>('input'))?.focus();
  }, [editing.draft.halves]);

  const bench: Pick<Bench, 'add' | 'move' | 'remove'> = {
    add: (into, node) => {
      if (node.kind === 'group') wanted.current = { id: node.id, part: 'input' };
      editing.edit((both) => insert(both, into, Number.POSITIVE_INFINITY, node));
    },
    move: (id, direction) => {
      wanted.current = { id, part: 'grip', element: document.activeElement };
      editing.edit((both) => step(both, id, direction));
    },
    remove: (id) => {
      editing.edit((both) => {
        const parent = parentOf(both, id);
        const siblings = parent?.kind === 'group' ? parent.children : [];
        const at = siblings.findIndex((sibling) => sibling.id === id);
        const next = siblings[at + 1] ?? siblings[at - 1] ?? parent;
        if (next) wanted.current = { id: next.id, part: 'grip' };
        return remove(both, id);
      });
    },
  };

  const onKeyDownCapture = (event: KeyboardEvent<HTMLElement>) => {
    const id = (event.target as Element).closest<HTMLElement>('[data-node]:not([data-kind="box"])')?.dataset.node;
    if (id === undefined) return;
    const onGrip = (event.target as Element).matches('[data-grip]');
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      event.stopPropagation();
      bench.move(id, event.key === 'ArrowUp' ? -1 : 1);
    } else if (onGrip && (event.key === 'Delete' || event.key === 'Backspace')) {
      event.preventDefault();
      bench.remove(id);
    }
  };
  return { bench, area: { ref: area, onKeyDownCapture } };
}
