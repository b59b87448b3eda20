import { ActionIcon, Alert, Button, Group, Progress, Stack, Tabs, Text } from '@mantine/core';
import { IconDots, IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { count, percent } from '../app/format';
import { notify } from '../app/notify';
import { Page } from '../app/page';
import { Failure, Waiting } from '../app/states';
import { useChosenInSight } from '../app/tabs';
import { useMay } from '../session/api';
import { everybodyQuery, isBuilding, type Segment, segmentQuery, useAct } from './api';
import { Changes } from './changes';
import { Members } from './members';
import { SegmentMenu } from './menu';
import { Overlap } from './overlap';
import { Overview } from './overview';
import type { Tab } from './search';
import classes from './segment.module.css';
import { Snippets } from './snippets';
import { State, Tags } from './state';
import { Uses } from './uses';
import { Versions } from './versions';

/** One segment: its people, how they change, and where it is used. */
export function SegmentPage() {
  const { workspace, segment: key } = useParams({ from: '/w/$workspace/segments/$segment' });
  const segment = useQuery(segmentQuery(workspace, key));
  if (segment.data) return <Shown segment={segment.data} />;
  return (
    <Page title={key} heading={segment.error ? undefined : ' '}>
      {segment.error ? <Failure error={segment.error} again={() => segment.refetch()} /> : <Waiting />}
    </Page>
  );
}

function Shown({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  return (
    <Page
      title={segment.name}
      about={<About segment={segment} />}
      actions={
        <Actions
          segment={segment}
          gone={() => navigate({ to: '/w/$workspace/segments', params: { workspace }, search: {} })}
        />
      }
    >
      <Condition segment={segment} />
      <Views segment={segment} />
    </Page>
  );
}

/** How many there are, of everybody; what state it is in; what it is for. */
function About({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const everybody = useQuery(everybodyQuery(workspace)).data;
  const counted = segment.state !== 'archived' && segment.serving > 0;
  return (
    <Stack gap={6}>
      <Group gap="sm">
        {counted && (
          <Text span className={classes.count} c="var(--mantine-color-text)">
            {count(segment.count, 'person', 'people')}
            {everybody !== undefined && everybody > 0 && (
              <Text span c="dimmed" size="sm" fw={400}>
                {` · ${percent(segment.count, everybody)} of everybody`}
              </Text>
            )}
          </Text>
        )}
        <State segment={segment} />
        <Text span size="sm">
          {segment.kind === 'manual' ? 'By hand' : 'By conditions'}
        </Text>
        <Tags tags={segment.tags} />
      </Group>
      {segment.description && <Text size="sm">{segment.description}</Text>}
    </Stack>
  );
}

function Actions({ segment, gone }: { segment: Segment; gone: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const may = useMay('write');
  return (
    <>
      {may && segment.kind === 'dynamic' && segment.state !== 'archived' && (
        <Button
          leftSection={<IconPencil size={16} />}
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/segments/$segment/edit" params={{ workspace, segment: segment.key }} />
          )}
        >
          Edit
        </Button>
      )}
      <SegmentMenu segment={segment} gone={gone}>
        <ActionIcon size={36} variant="default" aria-label="More actions">
          <IconDots size={18} />
        </ActionIcon>
      </SegmentMenu>
    </>
  );
}

/** What is out of the ordinary about a segment, and what can be done about it. */
function Condition({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const act = useAct(workspace);
  const may = useMay('write');
  const button = (verb: 'resume' | 'restore' | 'cancel', label: string) =>
    may && (
      <Button
        size="xs"
        variant="default"
        loading={act.isPending}
        onClick={() => act.mutate({ id: segment.id, verb }, { onError: (error) => notify(error.message) })}
      >
        {label}
      </Button>
    );
  if (isBuilding(segment)) {
    return (
      <Alert
        color="blue"
        role="status"
        title={segment.serving > 0 ? 'A new version is being built' : 'It is being built'}
      >
        <Stack gap="xs">
          <Text size="sm">
            {segment.serving > 0
              ? 'The people below are those of the version before, until it is done.'
              : 'Its people are there when everybody was looked at once.'}
          </Text>
          <Progress value={segment.progress * 100} aria-label="Build" transitionDuration={300} />
          <Group justify="space-between">
            <Text size="sm" className="number">
              {percent(segment.progress, 1)}
            </Text>
            {button('cancel', 'Stop the build')}
          </Group>
        </Stack>
      </Alert>
    );
  }
  if (segment.state === 'failed') return <Notice color="red" title="The build failed" text={segment.reason ?? ''} />;
  if (segment.state === 'paused') {
    return (
      <Notice
        color="yellow"
        title="Paused"
        text="Its people stay as they were when it was paused. What changes meanwhile is told when it goes on."
        action={button('resume', 'Resume')}
      />
    );
  }
  if (segment.state === 'archived') {
    return (
      <Notice
        color="gray"
        title="Archived"
        text={
          segment.kind === 'manual'
            ? 'It is used nowhere until it is restored; its people are kept.'
            : 'It has no people until it is restored; its definition is kept.'
        }
        action={button('restore', 'Restore')}
      />
    );
  }
  return null;
}

function Notice({ color, title, text, action }: { color: string; title: string; text: string; action?: ReactNode }) {
  return (
    <Alert color={color} title={title} role="status">
      <Group justify="space-between">
        <Text size="sm">{text}</Text>
        {action}
      </Group>
    </Alert>
  );
}

const views: readonly { tab: Tab; label: string; show: (segment: Segment) => ReactNode }[] = [
  { tab: 'overview', label: 'Overview', show: (s) => <Overview segment={s} /> },
  { tab: 'people', label: 'People', show: (s) => <Members segment={s} /> },
  { tab: 'activity', label: 'Activity', show: (s) => <Changes segment={s} /> },
  { tab: 'overlap', label: 'Overlap', show: (s) => <Overlap segment={s} /> },
  { tab: 'uses', label: 'Used in', show: (s) => <Uses segment={s} /> },
  { tab: 'history', label: 'History', show: (s) => <Versions segment={s} /> },
  { tab: 'api', label: 'API', show: (s) => <Snippets segment={s} /> },
];

function Views({ segment }: { segment: Segment }) {
  const { tab = 'overview' } = useSearch({ from: '/w/$workspace/segments/$segment' });
  const navigate = useNavigate();
  const list = useChosenInSight(tab);
  const has = (t: Tab) => t !== 'history' || segment.kind === 'dynamic';
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(to) =>
        navigate({
          from: '/w/$workspace/segments/$segment',
          to: '.',
          search: (before) => ({ ...before, tab: to === 'overview' ? undefined : (to as Tab) }),
          resetScroll: false,
        })
      }
    >
      <Tabs.List className="tabs" mb="md" ref={list}>
        {views.map(
          (v) =>
            has(v.tab) && (
              <Tabs.Tab key={v.tab} value={v.tab}>
                {v.label}
                {v.tab === 'uses' && segment.used_in.length > 0 && (
                  <span className={classes.uses}>{segment.used_in.length}</span>
                )}
              </Tabs.Tab>
            ),
        )}
      </Tabs.List>
      {views.map((v) => (
        <Tabs.Panel key={v.tab} value={v.tab}>
          {v.show(segment)}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
