import { Button, Group, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../app/page';
import { save } from '../app/save';
import { Failure, Waiting } from '../app/states';
import { fileOf, type PeopleFilter, peopleQuery } from './api';
import { useColumns } from './columns';
import { nameAttributes } from './name';
import { Found } from './people_found';
import { Narrow } from './people_narrow';
import type { PeopleSearch } from './routes';

const from = '/w/$workspace/people';

/** Everyone, or those of an id, an email or an attribute. */
export function PeoplePage() {
  const { workspace } = useParams({ from });
  const search = useSearch({ from });
  const navigate = useNavigate({ from });
  const show = (change: Partial<PeopleSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false });
  const [columns, choose] = useColumns(workspace, search.columns, (chosen) => show({ columns: chosen }));
  const filter: PeopleFilter = { search: search.search, attribute: search.attribute, value: search.value };
  const found = useInfiniteQuery(peopleQuery(workspace, asked(filter), [...nameAttributes, ...columns]));
  return (
    <Page title="People" actions={<Export filter={asked(filter)} />}>
      <Narrow workspace={workspace} filter={filter} onFilter={show} columns={columns} onColumns={choose} />
      {found.isPending ? (
        <Waiting />
      ) : (
        <>
          <Failure error={found.error} again={() => void found.refetch()} />
          <Found workspace={workspace} found={found} filter={filter} columns={columns} />
        </>
      )}
    </Page>
  );
}

/** An attribute is asked for once it has a value; then it goes before the search. */
const asked = ({ search, attribute, value }: PeopleFilter): PeopleFilter =>
  attribute && value !== undefined ? { attribute, value } : { search };

function Export({ filter }: { filter: PeopleFilter }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (format: 'csv' | 'ndjson') => {
    setBusy(true);
    setError(undefined);
    try {
      save(await fileOf(filter, format, new AbortController().signal), `people.${format}`);
    } catch (reason) {
      setError(reason);
    }
    setBusy(false);
  };
  return (
    <Group gap="xs">
      <Failure error={error} />
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDownload size={16} />} loading={busy}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>All of these people, every attribute</Menu.Label>
          <Menu.Item onClick={() => void run('csv')}>CSV</Menu.Item>
          <Menu.Item onClick={() => void run('ndjson')}>NDJSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
