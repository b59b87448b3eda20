// The definition while it is edited: a tree whose nodes have an id of their own, so that rows keep their place on the
// screen, their focus and their undo while others move. A tree is a value: every edit returns another one, and shares
// what it did not change. There is no edit that loses anything of a definition, and nothing here knows React.

import { type Condition, groupOf, isCondition, type Quantifier } from './condition';

export type NodeId = string;

interface Common {
  readonly id: NodeId;
  /** Left out of counts, to try without it. A muted node cannot be saved. */
  readonly muted?: true;
}
export interface GroupNode extends Common {
  readonly kind: 'group';
  readonly quantifier: Quantifier;
  readonly children: readonly Node[];
}
interface NotNode extends Common {
  readonly kind: 'not';
  readonly child: Node;
}
interface LeafNode extends Common {
  readonly kind: 'leaf';
  readonly condition: Condition;
}
export type Node = GroupNode | NotNode | LeafNode;

let last = 0;
/** A new id, unique in this page. */
export const newId = (): NodeId => `n${++last}`;

export const leaf = (condition: Condition): LeafNode => ({ id: newId(), kind: 'leaf', condition });
export const group = (quantifier: Quantifier, children: readonly Node[] = []): GroupNode => ({
  id: newId(),
  kind: 'group',
  quantifier,
  children,
});

/** The tree of a definition. */
export function fromDefinition(condition: Condition): Node {
  const g = groupOf(condition);
  if (g) return group(g.quantifier, g.of.map(fromDefinition));
  if (isCondition(condition.not)) return { id: newId(), kind: 'not', child: fromDefinition(condition.not) };
  return leaf(condition);
}

/**
 * The definition of a tree without its muted nodes; undefined when nothing is left. A group that loses all its parts
 * goes as well: an empty group is an error.
 */
export function toDefinition(node: Node): Condition | undefined {
  if (node.muted) return undefined;
  switch (node.kind) {
    case 'leaf':
      return node.condition;
    case 'not': {
      const child = toDefinition(node.child);
      return child && { not: child };
    }
    case 'group': {
      const of = node.children.map(toDefinition).filter((c) => c !== undefined);
      return of.length > 0 ? { [node.quantifier]: of } : undefined;
    }
  }
}

/**
 * Where each node stands in {@link toDefinition}'s answer, as JSON pointers, by id: previews, faults and warnings name
 * pointers. Muted nodes and empty groups have none.
 */
export function pointers(node: Node): Map<NodeId, string> {
  const found = new Map<NodeId, string>();
  const walk = (n: Node, at: string) => {
    if (toDefinition(n) === undefined) return;
    found.set(n.id, at);
    if (n.kind === 'not') walk(n.child, `${at}/not`);
    if (n.kind !== 'group') return;
    let i = 0;
    for (const child of n.children) {
      if (toDefinition(child) === undefined) continue;
      walk(child, `${at}/${n.quantifier}/${i++}`);
    }
  };
  walk(node, '');
  return found;
}

export const childrenOf = (node: Node): readonly Node[] =>
  node.kind === 'group' ? node.children : node.kind === 'not' ? [node.child] : [];

/** The node of an id; undefined when it is not in the tree. */
export function find(node: Node, id: NodeId): Node | undefined {
  if (node.id === id) return node;
  for (const child of childrenOf(node)) {
    const found = find(child, id);
    if (found) return found;
  }
  return undefined;
}

/** The group or not that a node stands in; undefined for the root. */
export function parentOf(node: Node, id: NodeId): GroupNode | NotNode | undefined {
  for (const child of childrenOf(node)) {
    if (child.id === id && node.kind !== 'leaf') return node;
    const found = parentOf(child, id);
    if (found) return found;
  }
  return undefined;
}

/** Whether a node is another or stands somewhere in it. */
export const isInside = (node: Node, id: NodeId): boolean => find(node, id) !== undefined;

/** The tree with a node in place of the one of an id. The tree itself when the id is not there. */
export function replace(node: Node, id: NodeId, by: Node): Node {
  return update(node, id, () => by) ?? node;
}

/** The tree with one node changed; a change to undefined removes it. Undefined when the root is removed. */
export function update(node: Node, id: NodeId, change: (node: Node) => Node | undefined): Node | undefined {
  if (node.id === id) return change(node);
  if (node.kind === 'not') {
    const child = update(node.child, id, change);
    if (child === node.child) return node;
    return child && { ...node, child };
  }
  if (node.kind === 'group') {
    let changed = false;
    const children: Node[] = [];
    for (const child of node.children) {
      const next = update(child, id, change);
      changed ||= next !== child;
      if (next) children.push(next);
    }
    return changed ? { ...node, children } : node;
  }
  return node;
}

/** The tree without a node. A group stays when it is empty: there one goes on adding. The root stays as well. */
export function remove(root: Node, id: NodeId): Node {
  if (root.id === id) return root.kind === 'group' ? { ...root, children: [] } : group('all');
  return update(root, id, () => undefined) ?? group('all');
}

/** The tree with a node in a group, at an index from 0 to its length. */
export function insert(root: Node, into: NodeId, index: number, node: Node): Node {
  return (
    update(root, into, (g) => {
      if (g.kind !== 'group') return g;
      const children = [...g.children];
      children.splice(Math.max(0, Math.min(index, children.length)), 0, node);
      return { ...g, children };
    }) ?? root
  );
}

/**
 * The tree with a node moved into a group. index counts the group's places before the move. The tree itself where that
 * cannot be: into itself, the root, into what is no group.
 */
export function move(root: Node, id: NodeId, into: NodeId, index: number): Node {
  const node = find(root, id);
  const target = find(root, into);
  if (!node || id === root.id || target?.kind !== 'group' || isInside(node, into)) return root;
  const parent = parentOf(root, id);
  if (parent?.kind === 'not') return root; // a not without its condition says nothing
  const before = target.children.findIndex((child) => child.id === id);
  return insert(remove(root, id), into, before >= 0 && before < index ? index - 1 : index, node);
}

/** One step up or down on the screen, into and out of groups: what Alt+arrows do. The tree itself at the ends. */
export function step(root: Node, id: NodeId, direction: -1 | 1): Node {
  const parent = parentOf(root, id);
  if (parent?.kind !== 'group') return root;
  const at = parent.children.findIndex((child) => child.id === id);
  const neighbour = parent.children[at + direction];
  if (neighbour?.kind === 'group') return move(root, id, neighbour.id, direction > 0 ? 0 : neighbour.children.length);
  if (neighbour) return move(root, id, parent.id, direction > 0 ? at + 2 : at - 1);
  const above = parentOf(root, parent.id);
  if (above?.kind !== 'group') return root;
  const place = above.children.findIndex((child) => child.id === parent.id);
  return move(root, id, above.id, direction > 0 ? place + 1 : place);
}

/** The tree with a node in a new group of its own, beside which others can be put. */
export function wrap(root: Node, id: NodeId, quantifier: Quantifier): Node {
  return update(root, id, (node) => group(quantifier, [node])) ?? root;
}

/** The tree with a group's parts in its place. Only inside another group, or for a group of one. */
export function unwrap(root: Node, id: NodeId): Node {
  const node = find(root, id);
  if (node?.kind !== 'group') return root;
  const parent = parentOf(root, id);
  if (parent?.kind === 'group') {
    return (
      update(root, parent.id, (g) =>
        g.kind === 'group' ? { ...g, children: g.children.flatMap((c) => (c.id === id ? node.children : [c])) } : g,
      ) ?? root
    );
  }
  const [only] = node.children;
  return node.children.length === 1 && only ? replace(root, id, only) : root;
}

/** A copy of a node with ids of its own. */
export function copy(node: Node): Node {
  const muted = node.muted && { muted: node.muted };
  switch (node.kind) {
    case 'leaf':
      return { ...leaf(node.condition), ...muted };
    case 'not':
      return { id: newId(), kind: 'not', child: copy(node.child), ...muted };
    case 'group':
      return { ...group(node.quantifier, node.children.map(copy)), ...muted };
  }
}

/** The tree with a copy of a node right behind it. */
export function duplicate(root: Node, id: NodeId): Node {
  const node = find(root, id);
  const parent = parentOf(root, id);
  if (!node || parent?.kind !== 'group') return root;
  return insert(root, parent.id, parent.children.findIndex((child) => child.id === id) + 1, copy(node));
}

/** The tree with a node muted, or counted again. */
export function mute(root: Node, id: NodeId, muted: boolean): Node {
  return (
    update(root, id, (node) => {
      const { muted: _, ...rest } = node;
      return (muted ? { ...rest, muted: true } : rest) as Node;
    }) ?? root
  );
}

export const hasMuted = (node: Node): boolean => node.muted === true || childrenOf(node).some(hasMuted);
export const setQuantifier = (root: Node, id: NodeId, quantifier: Quantifier): Node =>
  update(root, id, (node) => (node.kind === 'group' ? { ...node, quantifier } : node)) ?? root;
export const setCondition = (root: Node, id: NodeId, condition: Condition): Node =>
  update(root, id, (node) => (node.kind === 'leaf' ? { ...node, condition } : node)) ?? root;

/** The tree with a node in a not of its own, or without the not that it is. */
export const oppose = (root: Node, id: NodeId): Node =>
  update(root, id, (node) => (node.kind === 'not' ? node.child : { id: newId(), kind: 'not', child: node })) ?? root;

/** The tree without its muted nodes, or with all of them counted again. The root stays. */
export function settleMuted(root: Node, keep: boolean): Node {
  if (root.kind === 'leaf') return root;
  const settled = (node: Node): Node => {
    const { muted: _, ...rest } = node;
    return settleMuted(rest as Node, keep);
  };
  if (root.kind === 'not') return { ...root, child: settled(root.child) };
  return { ...root, children: root.children.filter((child) => keep || !dropped(child)).map(settled) };
}

/** Whether nothing is left of a node without what is muted in it. */
const dropped = (node: Node): boolean => toDefinition(node) === undefined && hasMuted(node);
