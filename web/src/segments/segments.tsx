import { Page } from '../app/page';

export function SegmentsPage() {
  return <Page title="Segments">{null}</Page>;
}
