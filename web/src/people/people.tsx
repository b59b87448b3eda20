import { Page } from '../app/page';

export function PeoplePage() {
  return <Page title="People">{null}</Page>;
}
