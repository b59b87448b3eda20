import { Button, Card, Group, SimpleGrid, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCode, IconFileUpload, IconSparkles } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { Page } from '../app/page';
import { Failure } from '../app/states';
import { type Secrets, SendEvents } from '../data/send_events';
import { overviewQuery } from '../home/api';
import { sessionQuery, useMay } from '../session/api';
import { useCreateWorkspace, useHere } from './api';
import { MakingUp } from './making_up';

/**
 * The home of a workspace without people: three ways to get some. Home shows it in place of itself while there is
 * nobody, or while useMakingUp() (start/api.ts) says that a demo is not all there. It takes nothing; the first person who
 * comes in ends it.
 */
export function FirstSteps() {
  const here = useHere();
  const [sending, setSending] = useState(false);
  const [secrets, setSecrets] = useState<Secrets>({});
  const { workspace } = useParams({ from: '/w/$workspace' });
  const editor = useMay('write');
  useQuery({ ...overviewQuery(workspace), refetchInterval: 1_000 }); // home's: somebody may come at any time
  if (here?.demo && !here.demo.ready) return <MakingUp people={here.demo.people} />;
  return (
    <Page
      title="Home"
      heading="Get your people in"
      about="Segments are live from the first person on. Choose a way to begin."
    >
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        <DemoStep />
        <Step
          icon={<IconCode size={20} />}
          title="Send events"
          action={
            <Button
              variant={sending ? 'light' : 'default'}
              aria-expanded={sending}
              aria-controls="send-events"
              onClick={() => setSending(!sending)}
            >
              {sending ? 'Hide the snippets' : 'Show me how'}
            </Button>
          }
        >
          From your site, your app or your server. Segment and Customer.io libraries work as they are: change the
          address and the key.
        </Step>
        <Step
          icon={<IconFileUpload size={20} />}
          title="Import a file"
          action={
            editor ? (
              <Button
                variant="default"
                renderRoot={(props) => <Link {...props} to="/w/$workspace/data/imports/new" params={{ workspace }} />}
              >
                Choose a file
              </Button>
            ) : (
              <Refused what="import" who="an editor" />
            )
          }
        >
          People or events as CSV, NDJSON or Parquet. You see what would be taken before anything is.
        </Step>
      </SimpleGrid>
      {sending && (
        <Card withBorder id="send-events" padding="lg">
          <Stack>
            <Title order={2} size="h4">
              Send the first event
            </Title>
            <SendEvents secrets={secrets} onSecret={(more) => setSecrets({ ...secrets, ...more })} />
          </Stack>
        </Card>
      )}
    </Page>
  );
}

/** Made-up people, in a workspace of their own. */
function DemoStep() {
  const admin = useMay('admin');
  const create = useCreateWorkspace();
  const navigate = useNavigate();
  const demo = useQuery(sessionQuery).data?.workspaces?.find((m) => m.workspace.demo)?.workspace;
  const here = useHere();
  const open = (id: string) => navigate({ to: '/w/$workspace', params: { workspace: id } });
  const make = () =>
    create.mutate(
      { name: 'Demo', time_zone: here?.time_zone ?? 'UTC', demo: true },
      { onSuccess: ({ workspace }) => open(workspace.id) },
    );
  const action = demo ? (
    <Button onClick={() => open(demo.id)}>Open the demo</Button>
  ) : admin ? (
    <Button onClick={make} loading={create.isPending}>
      Explore the demo
    </Button>
  ) : (
    <Refused what="make a demo" who="an admin" />
  );
  return (
    <Step icon={<IconSparkles size={20} />} title="Explore a demo" action={action} error={create.error}>
      A made-up company of 5,000 people with 90 days of history that goes on live, in a workspace of its own. Yours
      stays empty; the demo can be deleted.
    </Step>
  );
}

function Step({
  icon,
  title,
  children,
  action,
  error,
}: {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action: ReactNode;
  error?: unknown;
}) {
  return (
    <Card withBorder padding="lg">
      <Stack gap="sm" h="100%">
        <Group gap="sm" wrap="nowrap">
          <ThemeIcon variant="light" size="lg" aria-hidden>
            {icon}
          </ThemeIcon>
          <Title order={2} size="h4">
            {title}
          </Title>
        </Group>
        <Text c="dimmed" size="sm">
          {children}
        </Text>
        <Failure error={error} />
        <Group mt="auto">{action}</Group>
      </Stack>
    </Card>
  );
}

function Refused({ what, who }: { what: string; who: string }) {
  return (
    <Text size="sm">
      Your role may not {what}: ask {who} of the workspace.
    </Text>
  );
}
