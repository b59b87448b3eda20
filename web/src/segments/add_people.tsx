import {
  Alert,
  Button,
  Code,
  FileInput,
  Group,
  Modal,
  MultiSelect,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useCopy } from '../app/copy';
import { count } from '../app/format';
import { visible } from '../app/reading';
import { Failure } from '../app/states';
import { findPeopleQuery, type MemberEdit, type PersonRow, type Segment, useEditMembers } from './api';

type Way = 'find' | 'paste' | 'file';

/** Puts people into a manual segment: found by typing, pasted, or from a file. */
export function AddPeopleDialog({ segment, close }: { segment: Segment; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [way, setWay] = useState<Way>('find');
  const [keys, setKeys] = useState<string[]>([]);
  const [text, setText] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const edit = useEditMembers(workspace, segment.key);
  const pasted = linesOf(text);
  const chosen = way === 'find' ? keys.length : pasted.length;
  const ready = { find: keys.length > 0, paste: pasted.length > 0, file: file !== null }[way];
  const add = () => edit.mutate(way === 'file' && file ? file : { add: way === 'find' ? keys : pasted });
  return (
    <Modal opened onClose={close} title={`Add people to ${segment.name}`} size="lg">
      {edit.data ? (
        <Result edit={edit.data} close={close} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) add();
          }}
        >
          <Stack>
            <SegmentedControl
              aria-label="How"
              value={way}
              onChange={(to) => setWay(to as Way)}
              data={[
                { value: 'find', label: 'Find' },
                { value: 'paste', label: 'Paste a list' },
                { value: 'file', label: 'CSV file' },
              ]}
            />
            {way === 'find' && <Find keys={keys} setKeys={setKeys} />}
            {way === 'paste' && (
              <Textarea
                label="User ids or emails, one a line"
                autosize
                minRows={6}
                maxRows={14}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
              />
            )}
            {way === 'file' && (
              <FileInput
                label="CSV file"
                description="The column named id or email names the people; without one, the first column does."
                placeholder="Choose a file"
                accept=".csv,text/csv"
                clearable
                clearButtonProps={{ 'aria-label': 'Choose none' }}
                value={file}
                onChange={setFile}
              />
            )}
            <Failure error={edit.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={edit.isPending} disabled={!ready}>
                {way === 'file'
                  ? 'Add everybody in it'
                  : chosen > 0
                    ? `Add ${count(chosen, 'person', 'people')}`
                    : 'Add people'}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

const linesOf = (text: string) => [
  ...new Set(
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

/** Chooses among the people whose id or email begins with what is typed. */
function Find({ keys, setKeys }: { keys: string[]; setKeys: (keys: string[]) => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 150);
  const [known, setKnown] = useState<readonly PersonRow[]>([]);
  const found = useQuery(findPeopleQuery(workspace, search)).data ?? [];
  const all = [...found, ...known.filter((k) => !found.some((f) => f.key === k.key))];
  return (
    <MultiSelect
      label="People"
      description="By the beginning of an email or a user id"
      placeholder={keys.length > 0 ? undefined : 'ana@…'}
      data-autofocus
      searchable
      hidePickedOptions
      searchValue={typed}
      onSearchChange={setTyped}
      data={all.map((p) => ({ value: p.key, label: p.email ?? p.id ?? p.key }))}
      filter={({ options }) => options}
      nothingFoundMessage={search && 'Nobody begins so'}
      value={keys}
      onChange={(now) => {
        setKnown(all.filter((p) => now.includes(p.key)));
        setKeys(now);
      }}
    />
  );
}

/** What an edit did, and whom it could not find. */
function Result({ edit, close }: { edit: MemberEdit; close: () => void }) {
  const { copied, copy } = useCopy();
  const nobody = edit.unknown;
  return (
    <Stack>
      <Alert
        color={nobody.length > 0 ? 'yellow' : 'teal'}
        role="status"
        title={`${count(edit.added, 'person is', 'people are')} in it now`}
      >
        {nobody.length > 0 && (
          <Text size="sm">
            {count(nobody.length, 'entry is nobody’s', 'entries are nobody’s')}: no person has this id or email.
          </Text>
        )}
      </Alert>
      {nobody.length > 0 && (
        <Code block mah={220} tabIndex={0} aria-label="Nobody’s">
          {nobody.map(visible).join('\n')}
        </Code>
      )}
      <Group justify="flex-end">
        {nobody.length > 0 && (
          <Button variant="default" onClick={() => copy(nobody.join('\n'))}>
            {copied ? 'Copied' : 'Copy these'}
          </Button>
        )}
        <Button onClick={close} data-autofocus>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
