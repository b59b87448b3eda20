import { createContext, useContext } from 'react';
import type { Node, NodeId } from '../definition/tree';
import type { Explained } from './api';
import type { Editing } from './draft';
import type { Drag } from './drag';
import type { Previewed } from './previewed';

/** What every row of the builder works with. */
export interface Bench {
  readonly editing: Editing;
  readonly live: Previewed;
  /** How each node is for the person who is checked. */
  readonly verdicts: ReadonlyMap<NodeId, Explained>;
  readonly drag: Drag;
  readonly readOnly: boolean;
  /** Adds a node at the end of a group; the focus goes into it. */
  readonly add: (into: NodeId, node: Node) => void;
  /** Moves a node a step; the focus goes with it. */
  readonly move: (id: NodeId, direction: -1 | 1) => void;
  /** Takes a node out; what follows it takes the focus. */
  readonly remove: (id: NodeId) => void;
}

export const BenchContext = createContext<Bench | undefined>(undefined);

export function useBench(): Bench {
  const bench = useContext(BenchContext);
  if (!bench) throw new Error('a row stands outside of the builder');
  return bench;
}
