import { CloseButton, Group, Select, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { count } from '../app/format';
import type { Segment } from './api';
import type { ListSearch } from './search';
import { tagsOf } from './select';

/** What narrows the list; all of it is in the address. */
export function Filters({ all, shown }: { all: readonly Segment[]; shown: number }) {
  const search = useSearch({ from: '/w/$workspace/segments' });
  const navigate = useNavigate();
  const say = (patch: Partial<ListSearch>) =>
    navigate({
      from: '/w/$workspace/segments',
      to: '.',
      search: (before) => ({ ...before, ...patch }),
      replace: true,
      resetScroll: false,
    });
  const tags = tagsOf(all);
  const filtered = Boolean(search.search || search.tag || search.kind || search.state);
  return (
    <Group gap="xs" role="search" aria-label="Segments">
      <TextInput
        flex="1 1 260px"
        maw={420}
        leftSection={<IconSearch size={16} />}
        placeholder="Name, sentence or tag"
        aria-label="Find segments"
        value={search.search ?? ''}
        onChange={(event) => say({ search: event.currentTarget.value || undefined })}
        rightSection={
          search.search && (
            <CloseButton size="sm" aria-label="Empty the search" onClick={() => say({ search: undefined })} />
          )
        }
      />
      {(tags.length > 0 || search.tag) && (
        <Select
          flex="1 1 104px"
          maw={150}
          aria-label="Tag"
          placeholder="Any tag"
          clearable
          searchable={tags.length > 8}
          data={search.tag && !tags.includes(search.tag) ? [search.tag, ...tags] : tags}
          value={search.tag ?? null}
          onChange={(tag) => say({ tag: tag ?? undefined })}
          clearButtonProps={{ 'aria-label': 'Any tag' }}
        />
      )}
      <Select
        flex="1 1 104px"
        maw={150}
        aria-label="Kind"
        placeholder="Any kind"
        clearable
        data={[
          { value: 'dynamic', label: 'By conditions' },
          { value: 'manual', label: 'By hand' },
        ]}
        value={search.kind ?? null}
        onChange={(kind) => say({ kind: (kind as ListSearch['kind']) ?? undefined })}
        clearButtonProps={{ 'aria-label': 'Any kind' }}
      />
      <Select
        flex="1 1 104px"
        maw={150}
        aria-label="State"
        placeholder="Any state"
        clearable
        data={[
          { value: 'live', label: 'Live' },
          { value: 'building', label: 'Building' },
          { value: 'paused', label: 'Paused' },
          { value: 'failed', label: 'Failed' },
          { value: 'archived', label: 'Archived' },
        ]}
        value={search.state ?? null}
        onChange={(state) => say({ state: (state as ListSearch['state']) ?? undefined })}
        clearButtonProps={{ 'aria-label': 'Any state' }}
      />
      <Text size="sm" c="dimmed" aria-live="polite">
        {filtered && `${count(shown, 'segment', 'segments')} of ${all.length}`}
      </Text>
    </Group>
  );
}
