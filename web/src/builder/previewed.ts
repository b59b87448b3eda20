import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ApiError } from '../api/client';
import { definitionOf, type Halves, join } from '../definition/halves';
import { type Note, notesByNode } from '../definition/place';
import { type Node, type NodeId, pointers, toDefinition } from '../definition/tree';
import { type NodeCount, type Preview, previewQuery } from './api';

const pause = 250; // milliseconds after the last change

/** The last exact answer, and whether it is of what stands there now. */
export interface Previewed {
  readonly preview?: Preview;
  /** False while another answer is on its way, or none can be had. */
  readonly fresh: boolean;
  readonly counts: ReadonlyMap<NodeId, NodeCount>;
  readonly warnings: ReadonlyMap<NodeId, readonly Note[]>;
  readonly faults: ReadonlyMap<NodeId, readonly Note[]>;
  /** What failed other than by a fault of the definition. */
  readonly error?: Error;
  /** Asks once more. */
  readonly again: () => void;
}

/** Counts a draft's definition while it changes: the answer before stays until the next is here. */
export function usePreviewed(workspace: string, halves: Halves): Previewed {
  const [asked] = useDebouncedValue(halves, pause);
  const tree = useMemo(() => join(asked), [asked]);
  const definition = useMemo(() => tree && toDefinition(tree), [tree]);
  const answer = useQuery(previewQuery(workspace, definition));
  const [good, setGood] = useState<{ tree: Node; preview: Preview }>();
  if (tree && answer.data && (good?.tree !== tree || good.preview !== answer.data))
    setGood({ tree, preview: answer.data });
  if (!definition && good) setGood(undefined);

  const told = useMemo(() => {
    if (!good) return { counts: new Map(), warnings: new Map() };
    const at = new Map(good.preview.nodes.map((node) => [node.pointer, node]));
    const counts = new Map<NodeId, NodeCount>();
    for (const [id, pointer] of pointers(good.tree)) {
      const count = at.get(pointer);
      if (count) counts.set(id, count);
    }
    return { counts, warnings: notesByNode(good.tree, good.preview.warnings) };
  }, [good]);
  const faults = useMemo(() => {
    const fault = faultOf(answer.error);
    return tree && fault ? notesByNode(tree, [fault]) : new Map<NodeId, Note[]>();
  }, [tree, answer.error]);

  const stale = asked !== halves && JSON.stringify(definitionOf(halves)) !== JSON.stringify(definition);
  return {
    preview: good?.preview,
    fresh: !stale && answer.isSuccess,
    ...told,
    faults,
    error: answer.error && !faultOf(answer.error) ? answer.error : undefined,
    again: () => void answer.refetch(),
  };
}

const root = '/definition';

/** The fault of a definition that the server found; undefined for any other failure. */
function faultOf(error: unknown): Note | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { pointer, code, detail, suggestion } = error.problem;
  if (pointer !== root && !pointer?.startsWith(`${root}/`)) return undefined;
  return { code, pointer: pointer.slice(root.length), message: detail, ...(suggestion && { suggestion }) };
}
