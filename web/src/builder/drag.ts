import { type DragEvent, useRef, useState } from 'react';
import { find, isInside, move as moveNode, type Node, type NodeId, parentOf } from '../definition/tree';

/** Where a dragged row would come to stand. */
export interface Drop {
  readonly over: NodeId;
  readonly side: 'before' | 'after' | 'into';
}

export interface Drag {
  /** The node that is dragged, and where it would be dropped. */
  readonly node?: NodeId;
  readonly drop?: Drop;
  readonly start: (event: DragEvent, node: NodeId) => void;
  readonly end: () => void;
  /** Handlers of the element that holds every row; rows and boxes are known by their data-node. */
  readonly area: {
    onDragOver: (event: DragEvent<HTMLElement>) => void;
    onDrop: (event: DragEvent<HTMLElement>) => void;
  };
}

/** Dragging of rows with the mouse. edit moves a node in the tree of both boxes. */
export function useDrag(edit: (change: (both: Node) => Node) => void): Drag {
  const [state, setState] = useState<{ node?: NodeId; drop?: Drop }>({});
  const dragged = useRef<NodeId>(undefined);
  const end = () => {
    dragged.current = undefined;
    setState({});
  };
  return {
    ...state,
    start: (event, node) => {
      dragged.current = node;
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setData('text/plain', node);
      const row = (event.currentTarget as Element).closest('[data-node]');
      if (row) event.dataTransfer.setDragImage(row, 12, 12);
      setTimeout(() => setState({ node })); // after the picture of the row was taken
    },
    end,
    area: {
      onDragOver: (event) => {
        if (dragged.current === undefined) return;
        event.preventDefault();
        const drop = dropAt(event);
        setState((before) =>
          before.drop?.over === drop?.over && before.drop?.side === drop?.side
            ? before
            : { node: dragged.current, drop },
        );
      },
      onDrop: (event) => {
        const node = dragged.current;
        if (node === undefined) return;
        event.preventDefault();
        const drop = dropAt(event);
        if (drop) edit((both) => place(both, node, drop));
        end();
      },
    },
  };
}

const edge = 12; // pixels above and below a group that mean beside it

function dropAt(event: DragEvent<HTMLElement>): Drop | undefined {
  const element = (event.target as Element).closest<HTMLElement>('[data-node]');
  const over = element?.dataset.node;
  if (!element || !over) return undefined;
  const { top, bottom } = element.getBoundingClientRect();
  const kind = element.dataset.kind;
  if (kind === 'box') return { over, side: 'into' };
  if (kind === 'group' && event.clientY > top + edge && event.clientY < bottom - edge) return { over, side: 'into' };
  return { over, side: event.clientY < (top + bottom) / 2 ? 'before' : 'after' };
}

/** The tree with a node where it was dropped. */
export function place(both: Node, node: NodeId, { over, side }: Drop): Node {
  const moved = find(both, node);
  if (!moved || isInside(moved, over)) return both;
  if (side === 'into') {
    const group = find(both, over);
    return group?.kind === 'group' ? moveNode(both, node, over, group.children.length) : both;
  }
  const parent = parentOf(both, over);
  if (parent?.kind !== 'group') return both;
  const at = parent.children.findIndex((child) => child.id === over);
  return moveNode(both, node, parent.id, side === 'before' ? at : at + 1);
}
