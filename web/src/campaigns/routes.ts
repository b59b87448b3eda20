import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '../app/inside';

const list = createRoute({
  getParentRoute: () => inside,
  path: '/campaigns',
  component: lazyRouteComponent(() => import('./campaigns'), 'CampaignsPage'),
});

/** Which step is looked at. */
export interface CampaignSearch {
  step?: string;
}
const show = createRoute({
  getParentRoute: () => inside,
  path: '/campaigns/$campaign',
  validateSearch: (search: Record<string, unknown>): CampaignSearch => ({
    step: typeof search.step === 'string' ? search.step : undefined,
  }),
  component: lazyRouteComponent(() => import('./campaign'), 'CampaignPage'),
});

export const campaignRoutes = [list, show] as const;
