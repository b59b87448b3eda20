import { useNavigate, useSearch } from '@tanstack/react-router';
import { type Condition, isCondition } from '../definition/condition';

/** What the address of the builder says. */
export interface BuilderSearch {
  /** The draft as it stands, packed; see draft_address.ts. */
  draft?: string | object;
  /** The mark of the segment that the draft is an edit of: saved by somebody else meanwhile, it has another. */
  base?: string;
  /** Key of a segment to begin a copy of. */
  from?: string;
  /** A definition to begin with, and a name for it. */
  definition?: Condition;
  name?: string;
  /** The definition as text or JSON in place of the rows. */
  view?: 'text' | 'json';
  /** Key of the person who is checked. */
  check?: string;
}

const text = (x: unknown) => (typeof x === 'string' && x !== '' ? x : undefined);

export function builderSearch(search: Record<string, unknown>): BuilderSearch {
  const { draft, base, from, definition, name, view, check } = search;
  return {
    draft: isCondition(draft) ? draft : text(draft),
    base: text(base),
    from: text(from),
    definition: isCondition(definition) ? definition : undefined,
    name: text(name),
    view: view === 'text' || view === 'json' ? view : undefined,
    check: text(check),
  };
}

/** What the address says, and a way to have it say something else in its place. */
export function useBuilderSearch() {
  const search: BuilderSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const say = (patch: Partial<BuilderSearch>) =>
    navigate({
      to: '.',
      search: ((before: BuilderSearch) => ({ ...before, ...patch })) as never,
      replace: true,
      resetScroll: false,
    });
  return { search, say };
}
