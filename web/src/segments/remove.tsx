import { Anchor, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { count } from '../app/format';
import { notify } from '../app/notify';
import { Failure, Waiting } from '../app/states';
import { everySegmentQuery, type Segment, segmentQuery, useAct, useDelete } from './api';

/** Asks before a segment is put away or deleted, and says what that does; refuses while others refer to it. */
export function RemoveDialog({
  segment: shown,
  verb,
  close,
  gone,
}: {
  segment: Segment;
  verb: 'archive' | 'delete';
  close: () => void;
  gone?: () => void;
}) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const segment = useQuery(segmentQuery(workspace, shown.key)).data ?? shown;
  const all = useQuery(everySegmentQuery(workspace)).data;
  const act = useAct(workspace);
  const remove = useDelete(workspace);
  const word = verb === 'archive' ? 'Archive' : 'Delete';
  const used = segment.used_in.length > 0;
  const done = () => {
    notify(`${segment.name} is ${verb === 'archive' ? 'archived' : 'deleted'}`);
    close();
    if (verb === 'delete') gone?.();
  };
  const go = () =>
    verb === 'archive'
      ? act.mutate({ id: segment.id, verb }, { onSuccess: done })
      : remove.mutate(segment.id, { onSuccess: done });
  return (
    <Modal opened onClose={close} title={`${word} ${segment.name}`}>
      <Stack>
        {used ? <Dependants segment={segment} verb={verb} close={close} /> : <Effect segment={segment} verb={verb} />}
        <Failure error={named(act.error ?? remove.error, all ?? [])} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {used ? 'Close' : 'Cancel'}
          </Button>
          {!used && (
            <Button
              color={verb === 'delete' ? 'red' : undefined}
              onClick={go}
              loading={act.isPending || remove.isPending}
            >
              {word}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

/** A refusal that calls the segments it speaks of by name. */
const named = (error: Error | null, all: readonly Segment[]) =>
  error && new Error(error.message.replace(/seg_\w+/g, (id) => all.find((s) => s.id === id)?.name ?? id));

function Effect({ segment, verb }: { segment: Segment; verb: 'archive' | 'delete' }) {
  const people = count(segment.count, 'person', 'people');
  if (verb === 'delete') {
    return (
      <Text>
        Its definition, its history and the list of {people} in it are gone for good. The people themselves stay.
      </Text>
    );
  }
  return (
    <Text>
      {segment.kind === 'manual'
        ? `It is used and shown nowhere until it is restored. It keeps its name and the ${people} in it.`
        : `It keeps its definition and its name, and makes no work until it is restored: then it is worked out anew who is in it. The ${people} in it now are let go.`}
    </Text>
  );
}

/** The segments that refer to one, by name. */
function Dependants({ segment, verb, close }: { segment: Segment; verb: string; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const all = useQuery(everySegmentQuery(workspace)).data;
  if (!all) return <Waiting />;
  return (
    <>
      <Text>
        It cannot be {verb}d while {segment.used_in.length === 1 ? 'another segment refers' : 'others refer'} to it.
        Change
        {segment.used_in.length === 1 ? ' this one' : ' these'} first:
      </Text>
      <List>
        {segment.used_in.map((id) => {
          const user = all.find((s) => s.id === id);
          return (
            <List.Item key={id}>
              {user ? (
                <Anchor
                  onClick={close}
                  renderRoot={(props) => (
                    <Link
                      {...props}
                      to="/w/$workspace/segments/$segment"
                      params={{ workspace, segment: user.key }}
                      search={{}}
                    />
                  )}
                >
                  {user.name}
                </Anchor>
              ) : (
                id
              )}
            </List.Item>
          );
        })}
      </List>
    </>
  );
}
