import { Grid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { clock, useZone } from '../app/format';
import { Page } from '../app/page';
import { Failure, Waiting } from '../app/states';
import { useMakingUp } from '../start/api';
import { type Overview, overviewQuery } from './api';
import { NeedsAttention } from './attention';
import { Figures } from './figures';
import { Moved } from './moved';
import { Recipes } from './recipes';
import { Trickle } from './trickle';

const FirstSteps = lazy(() => import('../start/first_steps').then((m) => ({ default: m.FirstSteps })));

/** How the workspace stands: its figures, what moved, what asks for somebody, and what one could do next. */
export function HomePage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const { data, error, refetch } = useQuery(overviewQuery(workspace));
  const makingUp = useMakingUp();
  if (!data) {
    return error ? (
      <Page title="Home">
        <Failure error={error} again={() => void refetch()} />
      </Page>
    ) : (
      <Waiting />
    );
  }
  if (isEmpty(data) || makingUp) {
    return (
      <Suspense fallback={<Waiting />}>
        <FirstSteps />
      </Suspense>
    );
  }
  return (
    <Page title="Home" about={data.position.now && `Exact as of ${clock(data.position.now, zone)} ${zone}`}>
      <Failure error={error} again={() => void refetch()} />
      <Full workspace={workspace} overview={data} />
    </Page>
  );
}

const isEmpty = ({ stats }: Overview) => stats.people + stats.anonymous + stats.events === 0;

function Full({ workspace, overview }: { workspace: string; overview: Overview }) {
  return (
    <Stack gap="lg">
      <Figures workspace={workspace} stats={overview.stats} />
      <NeedsAttention workspace={workspace} attention={overview.attention ?? []} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }} miw={0}>
          <Stack gap="lg">
            <Moved workspace={workspace} moved={overview.moved ?? []} />
            <Recipes workspace={workspace} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }} miw={0}>
          <Trickle workspace={workspace} />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
