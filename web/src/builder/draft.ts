import { useReducer } from 'react';
import { type Condition, isCondition } from '../definition/condition';
import { edit, type Halves, split } from '../definition/halves';
import { begin, type History, push, redo, undo } from '../definition/history';
import { fromSketch, toSketch } from '../definition/sketch';
import { type GroupNode, group, type Node } from '../definition/tree';

/** A segment while it is edited. */
export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly halves: Halves;
}

export const emptyHalves = (): Halves => ({ include: group('all'), exclude: group('any'), bare: true });

export const isEmpty = ({ include, exclude }: Halves) => include.children.length + exclude.children.length === 0;

export function draftOf(of: {
  name?: string;
  description?: string;
  tags?: readonly string[] | null;
  definition?: unknown;
}): Draft {
  return {
    name: of.name ?? '',
    description: of.description ?? '',
    tags: of.tags ?? [],
    halves: isCondition(of.definition) ? split(of.definition) : emptyHalves(),
  };
}

/** A draft as plain JSON, muted and empty parts included. */
interface PlainDraft {
  name: string;
  description: string;
  tags: readonly string[];
  include: Condition;
  exclude: Condition;
  bare: boolean;
}

export function toPlain({ halves, ...rest }: Draft): PlainDraft {
  return { ...rest, include: toSketch(halves.include), exclude: toSketch(halves.exclude), bare: halves.bare };
}

/** Reads a plain draft, which may come from anywhere; undefined for anything else. */
export function fromPlain(plain: unknown): Draft | undefined {
  if (!isCondition(plain) || !isCondition(plain.include) || !isCondition(plain.exclude)) return undefined;
  const [include, exclude] = [fromSketch(plain.include), fromSketch(plain.exclude)];
  if (!isBox(include, ['all', 'any']) || !isBox(exclude, ['any', 'all'])) return undefined;
  const text = (x: unknown) => (typeof x === 'string' ? x : '');
  return {
    name: text(plain.name),
    description: text(plain.description),
    tags: Array.isArray(plain.tags) ? plain.tags.filter((tag) => typeof tag === 'string') : [],
    halves: { include, exclude, bare: plain.bare === true },
  };
}

const isBox = (node: Node, quantifiers: readonly string[]): node is GroupNode =>
  node.kind === 'group' && !node.muted && quantifiers.includes(node.quantifier);

interface State {
  readonly history: History<Draft>;
  /** What the last step was about: the next one about the same is the same step. */
  readonly about?: string;
}

type Action =
  | { do: 'change'; change: (draft: Draft) => Draft; about?: string }
  | { do: 'undo' | 'redo' | 'settle' }
  | { do: 'open'; draft: Draft };

function reduce(state: State, action: Action): State {
  switch (action.do) {
    case 'change': {
      const next = action.change(state.history.now);
      if (next === state.history.now) return state;
      const merge = action.about !== undefined && action.about === state.about;
      return { history: push(state.history, next, merge), about: action.about };
    }
    case 'undo':
      return { history: undo(state.history) };
    case 'redo':
      return { history: redo(state.history) };
    case 'settle':
      return state.about === undefined ? state : { history: state.history };
    case 'open':
      return { history: push(state.history, action.draft) };
  }
}

/** The draft with its undo and redo. */
export function useDraft(opened: Draft) {
  const [{ history }, act] = useReducer(reduce, opened, (draft): State => ({ history: begin(draft) }));
  return {
    draft: history.now,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    undo: () => act({ do: 'undo' }),
    redo: () => act({ do: 'redo' }),
    /** Typing has ended: what is typed next is another step. */
    settle: () => act({ do: 'settle' }),
    open: (draft: Draft) => act({ do: 'open', draft }),
    /** Changes the draft: one step of undo with those before that are about the same. */
    change: (change: (draft: Draft) => Draft, about?: string) => act({ do: 'change', change, about }),
    /** Changes the tree of the two boxes. */
    edit: (change: (both: Node) => Node, about?: string) =>
      act({
        do: 'change',
        about,
        change: (draft) => {
          const halves = edit(draft.halves, change);
          return halves === draft.halves ? draft : { ...draft, halves };
        },
      }),
  };
}

export type Editing = ReturnType<typeof useDraft>;
