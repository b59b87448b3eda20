import { Alert, Button, Group, List, Loader, Modal, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/client';
import { count, percent } from '../app/format';
import { Failure } from '../app/states';
import type { Condition } from '../definition/condition';
import { isBuilding, type Segment } from '../segments/api';
import { buildQuery, previewQuery, readSegment, useSave } from './api';
import { Conflict } from './conflict';
import type { Draft, Editing } from './draft';
import { EditImpact, NewImpact } from './impact';

/** The segment that is edited, as it was read. */
export interface Opened {
  readonly segment: Segment;
  readonly etag: string;
}

interface SaveProps {
  workspace: string;
  editing: Editing;
  definition: Condition;
  of?: Opened;
  close: () => void;
  /** The segment is saved, and its build has begun. */
  saved: (segment: Segment) => void;
  /** It serves: there is nothing left to wait for. */
  done: (segment: Segment) => void;
  /** Gives the draft up for what somebody else saved. */
  reopen: () => void;
}

/** Shows what saving would do, saves, and follows the build. */
export function Save(props: SaveProps) {
  const { workspace, editing, definition, of, close, saved, done, reopen } = props;
  const save = useSave(workspace);
  const [other, setOther] = useState<Opened>();
  const [unread, setUnread] = useState<unknown>(); // why what somebody else saved could not be read
  const [built, setBuilt] = useState<Segment>();
  const { draft } = editing;
  const [nameless] = useState(draft.name.trim() === '');
  const [name, setName] = useState(draft.name);

  const send = (etag: string | undefined) =>
    save.mutate(
      { of: of && { id: of.segment.id, etag: etag ?? of.etag }, body: contentOf({ ...draft, name }, definition) },
      {
        onSuccess: (segment) => {
          saved(segment);
          setOther(undefined);
          setBuilt(segment);
        },
        onError: (error) => {
          setUnread(undefined);
          if (of && error instanceof ApiError && error.code === 'version_mismatch')
            readSegment(of.segment.id).then(setOther, setUnread);
        },
      },
    );
  const conflict = save.error instanceof ApiError && save.error.code === 'version_mismatch';
  return (
    <Modal opened onClose={close} title={titleOf(of, built, other)} size="lg" closeOnClickOutside={!built}>
      {built ? (
        <Building workspace={workspace} segment={built} done={done} />
      ) : other ? (
        <Conflict other={other.segment} save={() => send(other.etag)} saving={save.isPending} reopen={reopen} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (nameless) editing.change((before) => ({ ...before, name }), 'name');
            send(undefined);
          }}
        >
          <Stack>
            {nameless && (
              <TextInput
                label="Name"
                required
                maxLength={150}
                data-autofocus
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
            )}
            {of ? (
              <EditImpact workspace={workspace} of={of.segment} definition={definition} />
            ) : (
              <NewImpact workspace={workspace} definition={definition} />
            )}
            <OpenWarnings workspace={workspace} definition={definition} />
            <Failure error={conflict ? unread : save.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Go on editing
              </Button>
              <Button
                type="submit"
                loading={save.isPending}
                disabled={name.trim() === ''}
                data-autofocus={!nameless || undefined}
              >
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

const titleOf = (of?: Opened, built?: Segment, other?: Opened) =>
  built ? 'Saved' : other ? 'Somebody else saved it meanwhile' : of ? 'What saving does' : 'Save the segment';

const contentOf = ({ name, description, tags }: Draft, definition: Condition) => ({
  name: name.trim(),
  description,
  tags: [...tags],
  definition,
});

/** What the server finds odd about what is about to be saved. */
function OpenWarnings({ workspace, definition }: { workspace: string; definition: Condition }) {
  const { warnings = [] } = useQuery(previewQuery(workspace, definition)).data ?? {};
  if (warnings.length === 0) return null;
  return (
    <Alert
      color="yellow"
      role="status"
      icon={<IconAlertTriangle />}
      title={count(warnings.length, 'warning is still open', 'warnings are still open')}
    >
      <List size="sm" spacing={2}>
        {warnings.map((w) => (
          <List.Item key={`${w.pointer} ${w.code}`}>{w.message}</List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** How far the build is, until its people are there. */
function Building({
  workspace,
  segment,
  done,
}: {
  workspace: string;
  segment: Segment;
  done: (segment: Segment) => void;
}) {
  const build = useQuery(buildQuery(workspace, segment.id));
  const now = build.data ?? segment;
  const [told, setTold] = useState(false);
  if (build.data && !isBuilding(build.data) && build.data.state !== 'failed' && !told) {
    setTold(true);
    queueMicrotask(() => done(now));
  }
  if (now.state === 'failed')
    return (
      <Alert color="red" role="alert" title="It could not be built">
        {now.reason}
      </Alert>
    );
  return (
    <Stack gap="xs" aria-live="polite">
      <Group gap="xs">
        <Loader size="xs" />
        <Text>
          Going through everybody: {percent(now.progress, 1)}
          {now.serving > 0 &&
            `. Until then it holds the ${count(now.count, 'person', 'people')} of the definition before`}
        </Text>
      </Group>
      <Progress value={now.progress * 100} aria-label="Progress of the build" />
      <Text size="sm" c="dimmed">
        It goes on without you: you can leave this page.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={() => done(now)}>
          Leave it to build
        </Button>
      </Group>
      <Failure error={build.error} again={() => build.refetch()} />
    </Stack>
  );
}
