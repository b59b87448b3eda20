import { Page } from '../app/page';

export function ActivityPage() {
  return <Page title="Activity">{null}</Page>;
}
