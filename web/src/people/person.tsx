import { Grid, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ApiError } from '../api/client';
import { Page } from '../app/page';
import { visible } from '../app/reading';
import { Empty, Failure, Waiting } from '../app/states';
import { devicesQuery, membershipsQuery, type Person, personQuery } from './api';
import { Attributes } from './attributes';
import { Devices } from './devices';
import { Memberships } from './memberships';
import { nameOf } from './name';
import { PersonActions } from './person_actions';
import { About, Standing } from './person_header';
import type { PersonSearch } from './routes';
import { Timeline } from './timeline';

const from = '/w/$workspace/people/$person';

/** One person: who it is, why in which segments, what happened, and everything that is known. */
export function PersonPage() {
  const { workspace, person } = useParams({ from });
  const { data, error, refetch } = useQuery({ ...personQuery(workspace, person), refetchInterval: 10_000 });
  if (error instanceof ApiError && error.status === 404) return <Nobody person={person} />;
  if (error && !data) {
    return (
      <Page title="Person">
        <Failure error={error} again={() => void refetch()} />
      </Page>
    );
  }
  if (!data) return <Waiting />;
  return <Shown key={data.key} workspace={workspace} person={data} />;
}

function Nobody({ person }: { person: string }) {
  return (
    <Page title="Nobody">
      <Empty title="There is no such person">
        Nobody here is known as <bdi>{visible(person)}</bdi>. They may have been erased, or merged into somebody else.
      </Empty>
    </Page>
  );
}

function Shown({ workspace, person }: { workspace: string; person: Person }) {
  const search = useSearch({ from });
  const navigate = useNavigate({ from });
  const show = (change: Partial<PersonSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false });
  const memberships = useQuery(membershipsQuery(workspace, person.key));
  const devices = useQuery(devicesQuery(workspace, person.key));
  const how = (n?: number) => (n === undefined ? '' : ` (${n})`);
  return (
    <Page
      title={nameOf(person)}
      heading={<bdi>{visible(nameOf(person))}</bdi>}
      about={<About person={person} />}
      actions={<PersonActions workspace={workspace} person={person} />}
    >
      <Standing person={person} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 8 }} miw={0}>
          <Tabs
            value={search.tab ?? 'segments'}
            onChange={(tab) => show({ tab: tab === 'segments' ? undefined : (tab as PersonSearch['tab']) })}
            keepMounted={false}
          >
            <Tabs.List>
              <Tabs.Tab value="segments">Segments{how(memberships.data?.segments?.length)}</Tabs.Tab>
              <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
              <Tabs.Tab value="devices">Devices{how(devices.data?.devices?.length)}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="segments" pt="sm">
              <Memberships workspace={workspace} person={person} open={search.why} onOpen={(why) => show({ why })} />
            </Tabs.Panel>
            <Tabs.Panel value="timeline" pt="sm">
              <Timeline workspace={workspace} person={person.key} filter={search} onFilter={show} />
            </Tabs.Panel>
            <Tabs.Panel value="devices" pt="sm">
              <Devices workspace={workspace} person={person.key} />
            </Tabs.Panel>
          </Tabs>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }} miw={0}>
          <Attributes attributes={person.attributes ?? {}} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}
