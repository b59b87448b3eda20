// What the addresses of these screens say.

/** Of the list: a filter, and an order. */
export interface ListSearch {
  search?: string;
  tag?: string;
  kind?: 'dynamic' | 'manual';
  state?: 'building' | 'live' | 'paused' | 'failed' | 'archived';
  /** A column; with a minus the other way round. Name if left out. */
  sort?: Sort;
}

export const columns = ['name', 'count', 'change', 'used', 'state'] as const;
export type Column = (typeof columns)[number];
export type Sort = Column | `-${Column}`;

const states = ['building', 'live', 'paused', 'failed', 'archived'] as const;

/** Of a segment. */
export interface SegmentSearch {
  tab?: Tab;
  /** Days of the curve, of the overview. */
  range?: Range;
  /** The curve goes back to before the segment was made. */
  past?: boolean;
  /** Who is looked for among the people. */
  person?: string;
  /** Keys of the segments that it is laid over, of the overlap. */
  with?: string;
}

export const tabs = ['overview', 'people', 'activity', 'overlap', 'uses', 'history', 'api'] as const;
export type Tab = (typeof tabs)[number];
export const ranges = ['24h', '7d', '30d', '90d'] as const;
export type Range = (typeof ranges)[number];

const text = (x: unknown) => (typeof x === 'string' || typeof x === 'number' ? String(x) : '') || undefined;
const oneOf = <T extends string>(x: unknown, all: readonly T[]) => all.find((one) => one === x);

export function listSearch(search: Record<string, unknown>): ListSearch {
  const sort = text(search.sort) ?? '';
  const column = oneOf(sort.replace(/^-/, ''), columns);
  return {
    search: text(search.search),
    tag: text(search.tag),
    kind: oneOf(search.kind, ['dynamic', 'manual'] as const),
    state: oneOf(search.state, states),
    sort: column && ((sort.startsWith('-') ? `-${column}` : column) as Sort),
  };
}

export function segmentSearch(search: Record<string, unknown>): SegmentSearch {
  return {
    tab: oneOf(search.tab, tabs),
    range: oneOf(search.range, ranges),
    past: search.past === true || undefined,
    person: text(search.person),
    with: text(search.with),
  };
}
