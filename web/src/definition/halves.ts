// The two boxes of the builder: who is included, and who of them is excluded. Any definition falls into them and comes
// out as it went in.
//
//   {"all": [A, B, {"none": [X, Y]}]}          include all of A, B         exclude any of X, Y
//   {"all": [{"any": [A, B]}, {"none": [X]}]}  include any of A, B         exclude any of X
//   {"all": [A, {"not": {"all": [X, Y]}}]}     include all of A            exclude all of X, Y
//   {"none": [X, Y]}                           include everyone            exclude any of X, Y
//   A                                          include all of A, alone

import { type Condition, groupOf } from './condition';
import { fromDefinition, type GroupNode, group, type Node, toDefinition } from './tree';

export interface Halves {
  readonly include: GroupNode; // all or any; empty: everyone
  readonly exclude: GroupNode; // any or all of these; empty: nobody
  /** The definition was a single condition, and is one still while it stays alone. */
  readonly bare: boolean;
}

/** The boxes of a definition. */
export function split(definition: Condition): Halves {
  const root = groupOf(definition);
  const nobody = () => group('any');
  if (!root) return { include: group('all', [fromDefinition(definition)]), exclude: nobody(), bare: true };
  if (root.quantifier === 'none')
    return { include: group('all'), exclude: group('any', root.of.map(fromDefinition)), bare: false };
  const excluded = root.quantifier === 'all' && root.of.length > 1 ? exclusion(root.of.at(-1) as Condition) : undefined;
  if (!excluded)
    return { include: group(root.quantifier, root.of.map(fromDefinition)), exclude: nobody(), bare: false };
  const rest = root.of.slice(0, -1);
  const only = rest.length === 1 ? groupOf(rest[0] as Condition) : undefined;
  const include =
    only?.quantifier === 'any' ? group('any', only.of.map(fromDefinition)) : group('all', rest.map(fromDefinition));
  return { include, exclude: excluded, bare: false };
}

function exclusion(condition: Condition): GroupNode | undefined {
  const g = groupOf(condition);
  if (g?.quantifier === 'none') return group('any', g.of.map(fromDefinition));
  const inner = condition.not && groupOf(condition.not as Condition);
  return inner && inner.quantifier === 'all' ? group('all', inner.of.map(fromDefinition)) : undefined;
}

/** The tree of the boxes, for counts and for saving; undefined while both are empty. */
export function join({ include, exclude, bare }: Halves): Node | undefined {
  const some = (g: GroupNode) => g.children.length > 0;
  if (!some(include) && !some(exclude)) return undefined;
  const without: Node[] = !some(exclude)
    ? []
    : exclude.quantifier === 'all'
      ? [{ id: `${exclude.id}-not`, kind: 'not', child: exclude }]
      : [{ ...exclude, quantifier: 'none' }];
  if (!some(include)) return without[0];
  const [alone] = include.children;
  if (without.length === 0) return bare && alone && include.children.length === 1 ? alone : include;
  if (include.quantifier === 'any')
    return { id: `${include.id}-all`, kind: 'group', quantifier: 'all', children: [include, ...without] };
  return { ...include, children: [...include.children, ...without] };
}

/**
 * The boxes after an edit of the tree of both. A node that steps out of one box goes into the other; one that would
 * leave both stays, and so do the boxes.
 */
export function edit(halves: Halves, change: (both: Node) => Node): Halves {
  const { include, exclude } = halves;
  const both: Node = { id: 'both', kind: 'group', quantifier: 'all', children: [include, exclude] };
  const next = change(both);
  if (next === both || next.kind !== 'group') return halves;
  const place = (box: GroupNode) => next.children.findIndex((child) => child.id === box.id);
  const [i, e] = [place(include), place(exclude)];
  const [above, below] = [next.children[i], next.children[e]];
  if (i !== 0 || e !== next.children.length - 1 || above?.kind !== 'group' || below?.kind !== 'group') return halves;
  const between = next.children.slice(i + 1, e);
  if (between.length === 0) return { ...halves, include: above, exclude: below };
  return above.children.length < include.children.length
    ? { ...halves, include: above, exclude: { ...below, children: [...between, ...below.children] } }
    : { ...halves, include: { ...above, children: [...above.children, ...between] }, exclude: below };
}

/** The definition of the boxes; undefined while there is none. */
export function definitionOf(halves: Halves): Condition | undefined {
  const tree = join(halves);
  return tree && toDefinition(tree);
}
