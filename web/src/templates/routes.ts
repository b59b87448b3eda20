import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const list = createRoute({
  getParentRoute: () => inside,
  path: '/templates',
  component: lazyRouteComponent(() => import('./templates'), 'TemplatesPage'),
});

/** Whose data the preview is made with, and what of the message is looked at. */
export interface TemplateSearch {
  person?: string;
  part?: 'body' | 'text';
}
const show = createRoute({
  getParentRoute: () => inside,
  path: '/templates/$template',
  validateSearch: (search: Record<string, unknown>): TemplateSearch => ({
    person: typeof search.person === 'string' ? search.person : undefined,
    part: search.part === 'text' ? 'text' : undefined,
  }),
  component: lazyRouteComponent(() => import('./template'), 'TemplatePage'),
});

export const templateRoutes = [list, show] as const;
