import { Button, Group, Modal, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { type Details, everySegmentQuery, type Segment, useCreateManual, useUpdate } from './api';
import { tagsOf } from './select';

/** What a segment is called, in a dialog. */
export function DetailsDialog({ segment, close }: { segment: Segment; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const update = useUpdate(workspace);
  return (
    <Modal opened onClose={close} title="Name and tags">
      <DetailsForm
        of={segment}
        save="Save"
        busy={update.isPending}
        error={update.error}
        close={close}
        done={(body) =>
          update.mutate({ id: segment.id, body }, { onSuccess: (s) => [notify(`${s.name} is saved`), close()] })
        }
      />
    </Modal>
  );
}

/** A new manual segment, in a dialog: people are put into it by hand. */
export function NewManualDialog({ close }: { close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  const create = useCreateManual(workspace);
  return (
    <Modal opened onClose={close} title="New manual segment">
      <DetailsForm
        of={{ name: '', description: '', tags: [] }}
        save="Create"
        busy={create.isPending}
        error={create.error}
        close={close}
        done={(body) =>
          create.mutate(body, {
            onSuccess: (s) =>
              navigate({
                to: '/w/$workspace/segments/$segment',
                params: { workspace, segment: s.key },
                search: { tab: 'people' },
              }),
          })
        }
      />
    </Modal>
  );
}

interface Form {
  of: Details;
  save: string;
  busy: boolean;
  error: unknown;
  close: () => void;
  done: (details: Details) => void;
}

function DetailsForm({ of, save, busy, error, close, done }: Form) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const known = tagsOf(useQuery(everySegmentQuery(workspace)).data ?? []);
  const [name, setName] = useState(of.name);
  const [description, setDescription] = useState(of.description);
  const [tags, setTags] = useState(of.tags);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done({ name: name.trim(), description: description.trim(), tags });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          required
          maxLength={150}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label="Description"
          description="What it is for, for whoever finds it later"
          autosize
          minRows={2}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TagsInput label="Tags" data={known} value={tags} onChange={setTags} clearable />
        <Failure error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            {save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
