import { Page } from '../app/page';

export function HomePage() {
  return <Page title="Home">{null}</Page>;
}
