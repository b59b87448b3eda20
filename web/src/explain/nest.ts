import type { Schemas } from '../api/client';

export type ExplainedNode = Schemas['ExplainedNode'];

/** A node of an explanation with those inside it. */
export interface Branch {
  readonly node: ExplainedNode;
  readonly children: readonly Branch[];
  /** It stands under an odd number of "none of" and "not": here it is good for the whole when it does not match. */
  readonly excludes: boolean;
}

interface Growing extends Branch {
  children: Growing[];
}

/** The nodes of an explanation, which come in document order, as trees: usually one, the whole definition. */
export function nest(nodes: readonly ExplainedNode[]): readonly Branch[] {
  const roots: Growing[] = [];
  const above: Growing[] = [];
  for (const node of nodes) {
    while (above.length > 0 && !inside(node.pointer, above.at(-1)?.node.pointer ?? '')) above.pop();
    const parent = above.at(-1);
    const flips = parent !== undefined && negates(node.pointer.slice(parent.node.pointer.length));
    const branch: Growing = { node, children: [], excludes: (parent?.excludes ?? false) !== flips };
    (parent?.children ?? roots).push(branch);
    above.push(branch);
  }
  return roots;
}

const inside = (pointer: string, outer: string) => pointer.startsWith(`${outer}/`);
const negates = (step: string) => step === '/not' || step.startsWith('/none/');
