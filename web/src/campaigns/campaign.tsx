import { ActionIcon, Alert, Button, Grid, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconTrash, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../api/client';
import { count } from '../app/format';
import { notify } from '../app/notify';
import { Page } from '../app/page';
import { Failure, Waiting } from '../app/states';
import { everySegmentQuery } from '../segments/api';
import { useMay } from '../session/api';
import { templatesQuery } from '../templates/api';
import { type Campaign, campaignQuery, countsQuery, type Spec, type Step, useMove, useSave } from './api';
import { Canvas, type Place } from './canvas';
import { Figures } from './figures';
import { change, freeId, insert, remove } from './flow';
import { State } from './state';
import { StepForm } from './step_form';
import { TriggerForm } from './trigger_form';
import { stepNames } from './words';

/** One campaign: drawn, with how many people are where; a step is changed beside the drawing. */
export function CampaignPage() {
  const { workspace, campaign: id } = useParams({ from: '/w/$workspace/campaigns/$campaign' });
  const campaign = useQuery(campaignQuery(workspace, id));
  if (campaign.data) return <Editor key={campaign.data.id} saved={campaign.data} />;
  return (
    <Page title="Campaign" heading={campaign.error ? undefined : ' '}>
      {campaign.error ? <Failure error={campaign.error} again={() => campaign.refetch()} /> : <Waiting />}
    </Page>
  );
}

function Editor({ saved }: { saved: Campaign }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const may = useMay('write') && saved.state !== 'archived';
  const save = useSave(workspace);
  const counts = useQuery(countsQuery(workspace, saved.id)).data;
  const [spec, setSpec] = useState<Spec>(saved.spec);
  const set = (edit: Partial<Spec>) => setSpec((old) => ({ ...old, ...edit }));
  const { step: chosen } = useSearch({ from: '/w/$workspace/campaigns/$campaign' });
  const navigate = useNavigate({ from: '/w/$workspace/campaigns/$campaign' });
  const choose = (step?: string) => navigate({ search: { step }, replace: true });
  const changed = JSON.stringify(spec) !== JSON.stringify(saved.spec);
  useBlocker({
    // Another step is only another part of the same screen.
    shouldBlockFn: ({ current, next }) =>
      changed &&
      current.pathname !== next.pathname &&
      !window.confirm('Leave without saving? What you changed is lost.'),
    enableBeforeUnload: () => changed,
    disabled: !changed,
  });
  const names = useNames();
  const add = (at: Place, kind: Step['kind']) => {
    const made = fresh(freeId(spec.steps, kind), kind);
    set({ steps: insert(spec.steps, at, made) });
    choose(made.id);
  };
  return (
    <Page
      title={saved.name}
      about={
        <Group gap="xs">
          <State state={saved.state} />
          <Text span size="sm">
            Version {saved.version}
            {changed && ', changed'}
          </Text>
          {counts && counts.active > 0 && (
            <Text span size="sm">
              {count(counts.active, 'person is', 'people are')} under way
            </Text>
          )}
        </Group>
      }
      actions={
        <>
          {may && (
            <Button
              variant={changed ? 'filled' : 'default'}
              disabled={!changed}
              loading={save.isPending}
              onClick={() =>
                save.mutate(
                  { id: saved.id, spec },
                  { onSuccess: (c) => [setSpec(c.spec), notify(`Version ${c.version} is saved`)] },
                )
              }
            >
              Save
            </Button>
          )}
          <Moves campaign={saved} changed={changed} />
        </>
      }
    >
      <Failure error={save.error} />
      {saved.state === 'live' && changed && (
        <Alert color="blue">
          <Text size="sm">
            Those under way finish on the version they began with. Whoever begins after you save gets the new one.
          </Text>
        </Alert>
      )}
      {counts && <Figures counts={counts} />}
      <Grid>
        <Grid.Col span={{ base: 12, md: chosen ? 7 : 12 }}>
          <Paper withBorder>
            <Canvas
              spec={spec}
              chosen={chosen}
              choose={choose}
              add={may ? add : undefined}
              people={Object.fromEntries((counts?.steps ?? []).map((s) => [s.step, s.active]))}
              fault={faultyStep(save.error, spec)}
              {...names}
            />
          </Paper>
        </Grid.Col>
        {chosen && (
          <Grid.Col span={{ base: 12, md: 5 }}>
            <Panel
              spec={spec}
              chosen={chosen}
              set={set}
              readOnly={!may}
              close={() => choose(undefined)}
              drop={() => [set({ steps: remove(spec.steps, chosen) }), choose(undefined)]}
            />
          </Grid.Col>
        )}
      </Grid>
    </Page>
  );
}

/** The names of segments and templates, by their ids. */
function useNames() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const segments = useQuery(everySegmentQuery(workspace)).data ?? [];
  const templates = useQuery(templatesQuery(workspace)).data ?? [];
  return {
    segment: (id: string) => segments.find((s) => s.id === id || s.key === id)?.name ?? '',
    template: (id: string) => templates.find((t) => t.id === id)?.name ?? '',
  };
}

function Panel({
  spec,
  chosen,
  set,
  readOnly,
  close,
  drop,
}: {
  spec: Spec;
  chosen: string;
  set: (edit: Partial<Spec>) => void;
  readOnly: boolean;
  close: () => void;
  drop: () => void;
}) {
  const step = spec.steps.find((s) => s.id === chosen);
  if (!step && chosen !== 'trigger') return null;
  return (
    <Paper withBorder p="md" component="section" aria-label="Details">
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            {step ? stepNames[step.kind] : 'What begins it'}
          </Title>
          <Group gap={4}>
            {step && !readOnly && (
              <ActionIcon color="red" aria-label="Delete the step" onClick={drop}>
                <IconTrash size={16} />
              </ActionIcon>
            )}
            <ActionIcon aria-label="Close" onClick={close}>
              <IconX size={16} />
            </ActionIcon>
          </Group>
        </Group>
        {step ? (
          <StepForm
            key={step.id}
            step={step}
            readOnly={readOnly}
            change={(edit) => set({ steps: change(spec.steps, step.id, edit) })}
          />
        ) : (
          <TriggerForm spec={spec} change={set} readOnly={readOnly} />
        )}
      </Stack>
    </Paper>
  );
}

function Moves({ campaign, changed }: { campaign: Campaign; changed: boolean }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const move = useMove(workspace);
  if (!useMay('send')) return null;
  const button = (to: 'start' | 'pause' | 'resume' | 'archive', label: string, ask?: string) => (
    <Button
      variant={to === 'start' ? 'filled' : 'default'}
      disabled={changed && to === 'start'}
      loading={move.isPending}
      onClick={() =>
        (!ask || window.confirm(ask)) &&
        move.mutate({ id: campaign.id, move: to }, { onError: (error) => notify(error.message) })
      }
    >
      {label}
    </Button>
  );
  return (
    <>
      {campaign.state === 'draft' && button('start', 'Start')}
      {campaign.state === 'live' && button('pause', 'Pause')}
      {campaign.state === 'paused' && button('resume', 'Go on')}
      {(campaign.state === 'live' || campaign.state === 'paused') &&
        button('archive', 'End', 'End the campaign? Everybody under way is taken out, and it begins for nobody again.')}
    </>
  );
}

/** The step that an error of saving is about: its pointer is /spec/steps/3/…. */
function faultyStep(error: unknown, spec: Spec): string | undefined {
  const found = error instanceof ApiError ? /\/steps\/(\d+)/.exec(error.problem.pointer ?? '') : null;
  return found ? spec.steps[Number(found[1])]?.id : undefined;
}

/** A new step with what it needs to begin with. */
function fresh(id: string, kind: Step['kind']): Step {
  switch (kind) {
    case 'wait':
      return { id, kind, for: '1d' };
    case 'wait_until':
      return { id, kind, at: '09:00' };
    case 'branch':
      return { id, kind, branches: [{}] };
    case 'update':
      return { id, kind, attributes: {} };
    case 'webhook':
      return { id, kind, webhook: { method: 'POST', url: '' } };
    default:
      return { id, kind };
  }
}
