import { MultiSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { messageOf } from '../app/error';
import { count } from '../app/format';
import { ConditionWords } from '../condition/words_field';
import type { Condition } from '../definition/condition';
import { everySegmentQuery } from '../segments/api';
import { audienceQuery } from './api';
import { joined, parted } from './audience';

/** Whom a message is for: segments in and not in, and a condition in words. */
export function AudienceFields({ value, change }: { value: unknown; change: (audience: unknown) => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const segments = useQuery(everySegmentQuery(workspace)).data ?? [];
  const definition = value as Condition | undefined;
  const audience = definition ? parted(definition) : { in: [], out: [], rest: undefined };
  const data = segments.map((s) => ({ value: s.key, label: s.name }));
  const count_ = useQuery(audienceQuery(workspace, definition));
  const set = (edit: Partial<typeof audience>) => change(joined({ ...audience, ...edit }));
  return (
    <Stack gap="sm">
      <MultiSelect
        label="People in any of these segments"
        placeholder={audience.in.length === 0 ? 'Everybody' : undefined}
        data={data}
        searchable
        clearable
        value={[...audience.in]}
        onChange={(keys) => set({ in: keys })}
      />
      <MultiSelect
        label="but in none of these"
        data={data}
        searchable
        clearable
        value={[...audience.out]}
        onChange={(keys) => set({ out: keys })}
      />
      <ConditionWords
        label="and who match"
        description="As in the Text tab of a segment: plan is pro and did purchase in the last 30d"
        value={audience.rest}
        change={(rest) => set({ rest })}
      />
      <Text size="sm" aria-live="polite" c={count_.error ? 'red' : undefined}>
        {count_.error && messageOf(count_.error)}
        {!count_.error && definition && count_.data && (
          <>
            <Text span fw={600} className="number">
              {count(count_.data.count, 'person', 'people')}
            </Text>
            {` now: ${count_.data.sentence}`}
          </>
        )}
        {!definition && 'Choose at least one segment, or a condition.'}
      </Text>
    </Stack>
  );
}
