// A tree as JSON with what a definition cannot say: what is muted, and groups that are empty still. So a draft is kept
// whole in an address.

import { type Condition, groupOf, isCondition } from './condition';
import { group, leaf, type Node, newId } from './tree';

/** The sketch of a tree: its definition, a muted node as {"muted": …}. */
export function toSketch(node: Node): Condition {
  const { muted, ...rest } = node;
  if (muted) return { muted: toSketch(rest as Node) };
  switch (node.kind) {
    case 'leaf':
      return node.condition;
    case 'not':
      return { not: toSketch(node.child) };
    case 'group':
      return { [node.quantifier]: node.children.map(toSketch) };
  }
}

/** The tree of a sketch. Any definition is a sketch as well. */
export function fromSketch(sketch: Condition): Node {
  if (isCondition(sketch.muted)) return { ...fromSketch(sketch.muted), muted: true };
  const g = groupOf(sketch);
  if (g) return group(g.quantifier, g.of.map(fromSketch));
  if (isCondition(sketch.not)) return { id: newId(), kind: 'not', child: fromSketch(sketch.not) };
  return leaf(sketch);
}
