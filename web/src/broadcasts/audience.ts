import type { Condition } from '../definition/condition';

/** An audience as people choose it: in one of these segments, in none of those, and whatever else must hold. */
export interface Audience {
  in: readonly string[];
  out: readonly string[];
  rest: Condition | undefined;
}

type Node = Record<string, unknown>;

const refs = (nodes: unknown): string[] | undefined => {
  if (!Array.isArray(nodes)) return undefined;
  const all = nodes.map(refOf);
  return all.every((ref) => ref !== undefined) ? (all as string[]) : undefined;
};
const refOf = (node: unknown) => {
  const { segment, ...more } = node as Node;
  return typeof segment === 'string' && Object.keys(more).length === 0 ? segment : undefined;
};

/** The definition of an audience; undefined for one that nothing is chosen of. */
export function joined({ in: inside, out, rest }: Audience): Condition | undefined {
  const parts: Node[] = [];
  if (inside.length === 1) parts.push({ segment: inside[0] });
  if (inside.length > 1) parts.push({ any: inside.map((segment) => ({ segment })) });
  if (out.length > 0) parts.push({ none: out.map((segment) => ({ segment })) });
  if (rest) parts.push(...(isPlainAll(rest) ? ((rest as unknown as Node).all as Node[]) : [rest as unknown as Node]));
  if (parts.length === 0) return undefined;
  return (parts.length === 1 ? parts[0] : { all: parts }) as unknown as Condition;
}

/** What a definition is as an audience: what does not fit into the fields for segments is the rest. */
export function parted(definition: Condition): Audience {
  const parts = isPlainAll(definition)
    ? ((definition as unknown as Node).all as Node[])
    : [definition as unknown as Node];
  let inside: string[] | undefined;
  let out: string[] | undefined;
  const rest: Node[] = [];
  for (const part of parts) {
    const keys = Object.keys(part);
    const one = refOf(part);
    const any = keys.length === 1 && 'any' in part ? refs(part.any) : undefined;
    const none = keys.length === 1 && 'none' in part ? refs(part.none) : undefined;
    // In the order in which joined writes them, so that together they are the same definition again.
    if (!inside && !out && rest.length === 0 && one) inside = [one];
    else if (!inside && !out && rest.length === 0 && any && any.length > 1) inside = any;
    else if (!out && rest.length === 0 && none && none.length > 0) out = none;
    else rest.push(part);
  }
  const left = rest.length > 1 ? { all: rest } : rest[0];
  return { in: inside ?? [], out: out ?? [], rest: left as unknown as Condition | undefined };
}

const isPlainAll = (node: unknown) => Object.keys(node as Node).length === 1 && Array.isArray((node as Node).all);
