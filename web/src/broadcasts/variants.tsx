import { ActionIcon, Anchor, Button, Group, NumberInput, Select, Stack, Switch, Text } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { templatesQuery } from '../templates/api';
import type { Spec, Variant } from './api';

/** The message, or several that are compared. */
export function Variants({ spec, set }: { spec: Spec; set: (edit: Partial<Spec>) => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const templates = useQuery(templatesQuery(workspace)).data ?? [];
  const kind = spec.kind ?? 'email';
  const fitting = templates.filter((t) => t.kind === kind).map((t) => ({ value: t.id, label: t.name }));
  const variants: Variant[] = spec.variants?.length ? [...spec.variants] : [{ template: '' }];
  const change = (at: number, edit: Partial<Variant>) =>
    set({ variants: variants.map((v, i) => (i === at ? { ...v, ...edit } : v)) });
  const several = variants.length > 1;
  return (
    <Stack gap="sm">
      <Select
        label="By"
        allowDeselect={false}
        data={[
          { value: 'email', label: 'Email' },
          { value: 'push', label: 'Push message' },
          { value: 'webhook', label: 'Webhook' },
        ]}
        value={kind}
        onChange={(k) => set({ kind: k as Spec['kind'], variants: [] })}
      />
      {variants.map((v, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: variants are told apart by their place
        <Group key={i} align="flex-end" wrap="nowrap" gap="xs">
          <Select
            flex={1}
            label={several ? `Template of ${letter(i)}` : 'Template'}
            placeholder="Choose one"
            searchable
            data={fitting}
            value={v.template || null}
            onChange={(template) => change(i, { template: template ?? '' })}
          />
          {several && (
            <>
              <NumberInput
                label="Share"
                w={90}
                min={0}
                max={100}
                suffix=" %"
                value={v.share ?? Math.round(1000 / variants.length) / 10}
                onChange={(share) => change(i, { share: Number(share) })}
              />
              <ActionIcon
                size={36}
                aria-label={`Remove ${letter(i)}`}
                onClick={() => set({ variants: even(variants.filter((_, j) => j !== i)), winner: undefined })}
              >
                <IconX size={16} />
              </ActionIcon>
            </>
          )}
        </Group>
      ))}
      {fitting.length === 0 && (
        <Text size="sm" c="dimmed">
          There is no template of this kind yet.{' '}
          <Anchor renderRoot={(props) => <Link {...props} to="/w/$workspace/templates" params={{ workspace }} />}>
            Make one
          </Anchor>
        </Text>
      )}
      {variants.length < 10 && (
        <Button
          variant="subtle"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          onClick={() => set({ variants: even([...variants, { template: '' }]) })}
        >
          Compare with another (A/B)
        </Button>
      )}
      {several && <Winner spec={spec} set={set} />}
    </Stack>
  );
}

/** How the better one is found, and sent to the rest. */
function Winner({ spec, set }: { spec: Spec; set: (edit: Partial<Spec>) => void }) {
  const { winner } = spec;
  return (
    <Stack gap="xs">
      <Switch
        label="Try them on some first, and send the best to the rest"
        checked={winner !== undefined}
        onChange={(event) =>
          set({ winner: event.currentTarget.checked ? { measure: 'opened', after: '4h', sample: 20 } : undefined })
        }
      />
      {winner && (
        <Group gap="xs" align="flex-end">
          <Select
            label="Best by"
            w={150}
            allowDeselect={false}
            data={[
              { value: 'opened', label: 'Opened' },
              { value: 'clicked', label: 'Clicked' },
              { value: 'converted', label: 'Converted' },
            ]}
            value={winner.measure}
            onChange={(measure) => set({ winner: { ...winner, measure: measure as typeof winner.measure } })}
          />
          <Select
            label="After"
            w={120}
            allowDeselect={false}
            data={[...new Set(['1h', '4h', '12h', '1d', '2d', winner.after])]}
            value={winner.after}
            onChange={(after) => set({ winner: { ...winner, after: after ?? '4h' } })}
          />
          <NumberInput
            label="Tried on"
            w={100}
            min={1}
            max={90}
            suffix=" %"
            value={winner.sample}
            onChange={(sample) => set({ winner: { ...winner, sample: Number(sample) } })}
          />
        </Group>
      )}
    </Stack>
  );
}

const letter = (i: number) => String.fromCharCode(65 + i);
/** Shares that are left to be equal. */
const even = (variants: Variant[]) => variants.map(({ share: _, ...v }) => v);
