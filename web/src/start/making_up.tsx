import { Progress, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { number } from '../app/format';
import { Page } from '../app/page';
import { overviewQuery } from '../home/api';
import { sessionQuery } from '../session/api';

/** What a demo shows while its company is made up. */
export function MakingUp({ people }: { people: number }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const overview = useQuery({ ...overviewQuery(workspace), refetchInterval: 500 });
  useQuery({ ...sessionQuery, staleTime: 0, refetchInterval: 700 }); // says when all are there
  const client = useQueryClient();
  useEffect(() => () => void client.invalidateQueries(), [client]); // everything has changed by the end
  const there = Math.min(overview.data?.stats.people ?? 0, people);
  return (
    <Page title="Home" heading="Making up a company" about="This takes a few seconds, once.">
      <Stack gap="xs" maw={520} py="xl">
        <Progress
          value={(100 * there) / people}
          aria-label="People made up so far"
          size="lg"
          transitionDuration={300}
        />
        <Text className="number">
          {there < people
            ? `${number(there)} of ${number(people)} people`
            : 'All are there; counting them into segments …'}
        </Text>
      </Stack>
    </Page>
  );
}
