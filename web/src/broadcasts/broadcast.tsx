import { Alert, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { count } from '../app/format';
import { notify } from '../app/notify';
import { Page } from '../app/page';
import { Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { type Broadcast, broadcastQuery, type Move, useMove } from './api';
import { Draft } from './draft';
import { Report } from './report';
import { State } from './state';

/** One broadcast: as long as it is a draft, what it is to be; then what becomes of it. */
export function BroadcastPage() {
  const { workspace, broadcast: id } = useParams({ from: '/w/$workspace/broadcasts/$broadcast' });
  const broadcast = useQuery(broadcastQuery(workspace, id));
  const b = broadcast.data;
  if (!b) {
    return (
      <Page title="Broadcast" heading={broadcast.error ? undefined : ' '}>
        {broadcast.error ? <Failure error={broadcast.error} again={() => broadcast.refetch()} /> : <Waiting />}
      </Page>
    );
  }
  return (
    <Page
      title={b.name}
      about={
        <Group gap="xs">
          <State state={b.state} />
          {b.people > 0 && (
            <Text span size="sm">
              {count(b.people, 'person', 'people')}
            </Text>
          )}
        </Group>
      }
      actions={b.state !== 'draft' && <Moves broadcast={b} />}
    >
      {b.state === 'draft' ? <Draft key={b.id} saved={b} /> : <Under broadcast={b} />}
    </Page>
  );
}

function Under({ broadcast }: { broadcast: Broadcast }) {
  return (
    <>
      {broadcast.state === 'paused' && (
        <Alert color="orange" title="Paused">
          <Text size="sm">{broadcast.reason || 'Nothing goes out until it goes on.'}</Text>
        </Alert>
      )}
      <Report broadcast={broadcast} />
    </>
  );
}

/** What can be done with a broadcast that is no draft any more. */
function Moves({ broadcast }: { broadcast: Broadcast }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const move = useMove(workspace);
  if (!useMay('send')) return null;
  const button = (to: Move, label: string, ask?: string) => (
    <Button
      variant="default"
      loading={move.isPending}
      onClick={() =>
        (!ask || window.confirm(ask)) &&
        move.mutate({ id: broadcast.id, move: to }, { onError: (error) => notify(error.message) })
      }
    >
      {label}
    </Button>
  );
  return (
    <>
      {broadcast.state === 'scheduled' && button('unschedule', 'Back to the draft')}
      {broadcast.state === 'sending' && button('pause', 'Pause')}
      {broadcast.state === 'paused' && button('resume', 'Go on')}
      {['scheduled', 'sending', 'paused'].includes(broadcast.state) &&
        button('cancel', 'Cancel', 'Cancel for good? What was not sent yet is never sent.')}
    </>
  );
}
