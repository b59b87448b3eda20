// Where a pointer of the server lands: previews, warnings and faults name places of the definition that was sent.

import { type Node, type NodeId, pointers } from './tree';

/** What the server says of a place: a fault of what was sent, or a warning about it. */
export interface Note {
  readonly code: string;
  /** Relative to the node that it is about: /event, /where/all/0/property. */
  readonly pointer: string;
  readonly message: string;
  readonly suggestion?: string;
}

/** The innermost node that a pointer lies in, and the rest of the pointer. The root for a pointer from elsewhere. */
export function placeOf(tree: Node, pointer: string): { id: NodeId; rest: string } {
  let best = { id: tree.id, rest: pointer };
  for (const [id, at] of pointers(tree)) {
    const inside = pointer === at || pointer.startsWith(`${at}/`);
    if (inside && pointer.length - at.length <= best.rest.length) best = { id, rest: pointer.slice(at.length) };
  }
  return best;
}

/** Notes by the node that they are about. */
export function notesByNode(tree: Node, notes: readonly Note[]): Map<NodeId, Note[]> {
  const found = new Map<NodeId, Note[]>();
  for (const note of notes) {
    const { id, rest } = placeOf(tree, note.pointer);
    found.set(id, [...(found.get(id) ?? []), { ...note, pointer: rest }]);
  }
  return found;
}
