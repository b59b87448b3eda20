import { useParams } from '@tanstack/react-router';
import { Page } from '../app/page';

export function SegmentPage() {
  const { segment } = useParams({ from: '/w/$workspace/segments/$segment' });
  return <Page title={segment}>{null}</Page>;
}
