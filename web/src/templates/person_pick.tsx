import { Autocomplete, type ComboboxItem } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { findPeopleQuery } from '../segments/api';

/** Whose data a message is made with; nobody in particular: somebody of the workspace. */
export function PersonPick({
  person,
  placeholder = 'Type an id or email',
  choose,
}: {
  person?: string;
  placeholder?: string;
  choose: (person?: string) => void;
}) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [typed, setTyped] = useState(person ?? '');
  const [search] = useDebouncedValue(typed, 200);
  const found = useQuery(findPeopleQuery(workspace, search)).data ?? [];
  const data: ComboboxItem[] = found.map((p) => ({ value: p.email || p.id || p.key, label: p.email || p.id || p.key }));
  return (
    <Autocomplete
      label="As"
      aria-label="Person whose data the preview is made with"
      placeholder={placeholder}
      leftSection={<IconUser size={16} />}
      size="xs"
      w={260}
      clearable
      filter={({ options }) => options}
      data={data}
      value={typed}
      onChange={(value) => {
        setTyped(value);
        if (value === '') choose(undefined);
      }}
      onOptionSubmit={(value) => choose(value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && typed) choose(typed);
      }}
    />
  );
}
