import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';
import type { Kind, PeopleFilter } from './api';

/** What the list of people shows, in the address. */
export interface PeopleSearch extends PeopleFilter {
  /** Attributes that are shown, beside what is always shown. */
  columns?: string[];
}

/** What a person's page shows, in the address. */
export interface PersonSearch {
  tab?: 'timeline' | 'devices';
  kind?: Kind;
  name?: string;
  /** The segment whose why is open, by key. */
  why?: string;
}

const text = (value: unknown) => (value === undefined || value === '' ? undefined : String(value));
const oneOf = <T extends string>(value: unknown, all: readonly T[]) => all.find((x) => x === value);

const list = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  validateSearch: (search: Record<string, unknown>): PeopleSearch => ({
    search: text(search.search),
    attribute: text(search.attribute),
    value: search.attribute === undefined ? undefined : text(search.value),
    columns: Array.isArray(search.columns) ? search.columns.map(String).slice(0, 40) : undefined,
  }),
  component: lazyRouteComponent(() => import('./people'), 'PeoplePage'),
});
/** $person is a key (p_…), id:… or email:…. */
const show = createRoute({
  getParentRoute: () => inside,
  path: '/people/$person',
  validateSearch: (search: Record<string, unknown>): PersonSearch => ({
    tab: oneOf(search.tab, ['timeline', 'devices']),
    kind: oneOf(search.kind, ['event', 'page', 'screen', 'message']),
    name: text(search.name),
    why: text(search.why),
  }),
  component: lazyRouteComponent(() => import('./person'), 'PersonPage'),
});

export const peopleRoutes = [list, show] as const;
