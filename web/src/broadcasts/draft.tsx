import { Button, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useBlocker, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { useMay } from '../session/api';
import { type Broadcast, type Spec, useSave } from './api';
import { AudienceFields } from './audience_fields';
import { More } from './more';
import { Review } from './review';
import { Variants } from './variants';
import { When } from './when';

/** What a broadcast is to be, on the left; who would get it and how it looks, on the right. */
export function Draft({ saved }: { saved: Broadcast }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const may = useMay('write');
  const save = useSave(workspace);
  const [spec, setSpec] = useState<Spec>(saved.spec);
  const set = (edit: Partial<Spec>) => setSpec((old) => ({ ...old, ...edit }));
  const changed = JSON.stringify(spec) !== JSON.stringify(saved.spec);
  useBlocker({
    shouldBlockFn: () => changed && !window.confirm('Leave without saving? What you changed is lost.'),
    enableBeforeUnload: () => changed,
    disabled: !changed,
  });
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Stack miw={0}>
        <Section title="To">
          <AudienceFields value={spec.audience} change={(audience) => set({ audience })} />
        </Section>
        <Section title="What">
          <Variants spec={spec} set={set} />
        </Section>
        <Section title="When">
          <When schedule={spec.schedule} change={(schedule) => set({ schedule })} />
        </Section>
        <Section title="More">
          <More spec={spec} set={set} />
        </Section>
        <Failure error={save.error} />
        {may && (
          <Group justify="flex-end">
            <Button
              loading={save.isPending}
              disabled={!changed}
              onClick={() =>
                save.mutate(
                  { id: saved.id, spec },
                  { onSuccess: (b) => [setSpec(b.spec), notify('The draft is saved')] },
                )
              }
            >
              Save
            </Button>
          </Group>
        )}
      </Stack>
      <Section title="Review">
        {changed ? (
          <Text size="sm" c="dimmed">
            Save the draft to see who would get it, and how it looks.
          </Text>
        ) : (
          <Review broadcast={saved} />
        )}
      </Section>
    </SimpleGrid>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  );
}
