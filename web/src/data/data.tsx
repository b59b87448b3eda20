import { Page } from '../app/page';

export function DataPage() {
  return <Page title="Data">{null}</Page>;
}
