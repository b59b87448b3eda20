import { Anchor, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '../api/client';
import { useStream } from '../api/stream';
import { relative } from '../app/format';
import { lastArrivalQuery } from './api';
import classes from './code.module.css';

type Arrived = Schemas['ActivityEntry'];

/** Whether anything has come in yet, and what came last: live. */
export function Arrival() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const before = useQuery(lastArrivalQuery(workspace));
  const [newest, setNewest] = useState<Arrived>();
  useStream(before.data ? `/api/activity?after=${before.data.next}` : '', (entry) => setNewest(entry as Arrived));
  const last = newest ?? before.data?.last;
  if (before.isPending) return null;
  return (
    <Group gap="xs" wrap="nowrap" role="status">
      <span className={classes.dot} data-on={last !== undefined} />
      {last ? (
        <Text size="sm">
          <strong>Receiving.</strong> Last came {said(last)} {last.at && relative(last.at)}.{' '}
          <Anchor
            inherit
            underline="always"
            renderRoot={(props) => (
              <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: last.person }} />
            )}
          >
            See the person
          </Anchor>
        </Text>
      ) : (
        <Text size="sm">Waiting for the first event …</Text>
      )}
    </Group>
  );
}

function said({ kind, name }: Arrived) {
  if (kind === 'identify') return 'what is known of a person';
  return name ? `${kind === 'event' ? 'the event' : kind} ${name}` : kind;
}
