import { ActionIcon, Autocomplete, Button, Group, MultiSelect, Popover, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconColumns3, IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { attributesQuery, type PeopleFilter, valuesQuery } from './api';

interface Props {
  workspace: string;
  filter: PeopleFilter;
  onFilter: (filter: PeopleFilter) => void;
  columns: string[];
  onColumns: (columns: string[]) => void;
}

/** Narrows the list: by the beginning of an id or email, or by an attribute's value; and chooses its columns. */
export function Narrow({ workspace, filter, onFilter, columns, onColumns }: Props) {
  const names = useQuery(attributesQuery(workspace)).data?.names?.map((n) => n.name) ?? [];
  return (
    <Group gap="xs" align="flex-end">
      <Search
        text={filter.search ?? ''}
        disabled={Boolean(filter.attribute)}
        onText={(search) => onFilter({ search })}
      />
      <Select
        aria-label="Attribute"
        placeholder="or an attribute…"
        w={190}
        searchable
        clearable
        limit={100}
        data={withChosen(names, filter.attribute)}
        value={filter.attribute ?? null}
        onChange={(attribute) => onFilter({ attribute: attribute ?? undefined, value: undefined, search: undefined })}
        nothingFoundMessage="No attribute of that name was received"
      />
      {filter.attribute && (
        <Is
          key={filter.attribute}
          workspace={workspace}
          attribute={filter.attribute}
          value={filter.value ?? ''}
          onValue={(value) => onFilter({ value: value || undefined })}
        />
      )}
      <Columns names={names} columns={columns} onColumns={onColumns} />
    </Group>
  );
}

const withChosen = (names: string[], chosen?: string) => [...new Set(chosen ? [chosen, ...names] : names)];

/** A text of one's own while typing, that follows the address when that changes. */
function useTyped(text: string, on: (text: string) => void) {
  const [typed, setTyped] = useState(text);
  const tell = useDebouncedCallback(on, 250);
  useEffect(() => setTyped(text), [text]);
  const type = (next: string) => {
    setTyped(next);
    tell(next);
  };
  return [typed, type] as const;
}

function Search({ text, disabled, onText }: { text: string; disabled: boolean; onText: (text?: string) => void }) {
  const [typed, type] = useTyped(text, (next) => onText(next.trim() || undefined));
  return (
    <TextInput
      aria-label="Search people"
      placeholder="Beginning of an id or email"
      w={{ base: '100%', xs: 280 }}
      disabled={disabled}
      leftSection={<IconSearch size={16} />}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      rightSection={
        typed && (
          <ActionIcon size="sm" aria-label="Clear the search" onClick={() => type('')}>
            <IconX size={14} />
          </ActionIcon>
        )
      }
    />
  );
}

function Is({
  workspace,
  attribute,
  value,
  onValue,
}: {
  workspace: string;
  attribute: string;
  value: string;
  onValue: (value: string) => void;
}) {
  const [typed, type] = useTyped(value, onValue);
  const { data } = useQuery(valuesQuery(workspace, attribute, typed));
  return (
    <Autocomplete
      aria-label="Value"
      placeholder="is…"
      w={190}
      data={[...new Set((data?.names ?? []).map((n) => n.name).filter(Boolean))]}
      filter={({ options }) => options}
      value={typed}
      onChange={type}
      autoFocus={value === ''}
    />
  );
}

function Columns({ names, columns, onColumns }: { names: string[]; columns: string[]; onColumns: Props['onColumns'] }) {
  return (
    <Popover position="bottom-end" width={320} trapFocus withinPortal={false}>
      <Popover.Target>
        <Button variant="default" ml="auto" leftSection={<IconColumns3 size={16} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <MultiSelect
          label="Attributes shown"
          data={[...new Set([...columns, ...names])]}
          value={columns}
          onChange={onColumns}
          searchable
          openOnFocus={false}
          limit={100}
          maxValues={40}
          comboboxProps={{ withinPortal: false }}
          hidePickedOptions
          nothingFoundMessage="No attribute of that name was received"
        />
      </Popover.Dropdown>
    </Popover>
  );
}
