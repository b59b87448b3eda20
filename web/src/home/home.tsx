import { Button, Grid, Stack } from '@mantine/core';
import { IconDatabase } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { clock, useZone } from '../app/format';
import { Page } from '../app/page';
import { Empty, Failure, Waiting } from '../app/states';
import { type Overview, overviewQuery } from './api';
import { NeedsAttention } from './attention';
import { Figures } from './figures';
import { Moved } from './moved';
import { Recipes } from './recipes';
import { Trickle } from './trickle';

/** How the workspace stands: its figures, what moved, what asks for somebody, and what one could do next. */
export function HomePage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const { data, error, refetch } = useQuery(overviewQuery(workspace));
  if (!data) {
    return error ? (
      <Page title="Home">
        <Failure error={error} again={() => void refetch()} />
      </Page>
    ) : (
      <Waiting />
    );
  }
  return (
    <Page title="Home" about={data.position.now && `Exact as of ${clock(data.position.now, zone)} ${zone}`}>
      <Failure error={error} again={() => void refetch()} />
      {isEmpty(data) ? <NoData workspace={workspace} /> : <Full workspace={workspace} overview={data} />}
    </Page>
  );
}

const isEmpty = ({ stats }: Overview) => stats.people + stats.anonymous + stats.events === 0;

function NoData({ workspace }: { workspace: string }) {
  return (
    <Empty
      title="Nothing was received yet"
      icon={<IconDatabase size={32} stroke={1.4} />}
      action={
        <Button renderRoot={(props) => <Link {...props} to="/w/$workspace/data" params={{ workspace }} />}>
          Send or import data
        </Button>
      }
    >
      People, segments and counts show up here with the first call.
    </Empty>
  );
}

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
