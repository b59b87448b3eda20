import { useParams } from '@tanstack/react-router';
import { Page } from '../app/page';

export function PersonPage() {
  const { person } = useParams({ from: '/w/$workspace/people/$person' });
  return <Page title={person}>{null}</Page>;
}
