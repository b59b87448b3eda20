import { Page } from '../app/page';

export function NewSegmentPage() {
  return <Page title="New segment">{null}</Page>;
}

export function EditSegmentPage() {
  return <Page title="Edit segment">{null}</Page>;
}
