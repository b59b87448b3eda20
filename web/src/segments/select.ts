import type { Segment } from './api';
import type { Column, ListSearch } from './search';

/** How many people more or fewer a segment has than some days ago; undefined where it was not there yet. */
export function changeOver(days: number, segment: Segment, counts: readonly number[] | undefined, now: number) {
  const before = counts?.at(-1 - days);
  if (before === undefined || new Date(segment.created_at).getTime() > now - days * 86_400_000) return undefined;
  return segment.count - before;
}

const fold = (text: string) => text.normalize().toLowerCase();

/** The segments that a filter lets through, in its order. change is that of the last days, by id. */
export function select(all: readonly Segment[], by: ListSearch, change: (s: Segment) => number | undefined): Segment[] {
  const words = fold(by.search ?? '')
    .split(/\s+/)
    .filter(Boolean);
  const wanted = all.filter((s) => {
    const text = fold([s.name, s.key, s.description, s.sentence ?? '', ...s.tags].join('\n'));
    return (
      words.every((word) => text.includes(word)) &&
      (!by.tag || s.tags.includes(by.tag)) &&
      (!by.kind || s.kind === by.kind) &&
      (!by.state || s.state === by.state)
    );
  });
  const sort = by.sort ?? 'name';
  const descending = sort.startsWith('-');
  const column = sort.replace(/^-/, '') as Column;
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  const value: Record<Exclude<Column, 'name'>, (s: Segment) => number | string | undefined> = {
    count: (s) => s.count,
    change,
    used: (s) => s.used_in.length,
    state: (s) => s.state,
  };
  return wanted.sort((a, b) => {
    const byName = names.compare(a.name, b.name);
    if (column === 'name') return descending ? -byName : byName;
    const x = value[column](a);
    const y = value[column](b);
    if (x === y) return byName;
    if (x === undefined || y === undefined) return x === undefined ? 1 : -1; // unknown stands last either way
    return x < y === descending ? 1 : -1;
  });
}

/** The tags in use, most used first. */
export function tagsOf(all: readonly Segment[]): string[] {
  const uses = new Map<string, number>();
  for (const tag of all.flatMap((s) => s.tags)) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  return [...uses].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([tag]) => tag);
}
