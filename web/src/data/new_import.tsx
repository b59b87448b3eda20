import { Button, Group, Radio, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { bytes, number } from '../app/format';
import { Failure } from '../app/states';
import { segmentsQuery } from '../segments/api';
import { useMay } from '../session/api';
import { type Import, type ImportKind, importQuery, type Sample, useLook, useStartImport } from './api';
import { ColumnsTable } from './columns_table';
import { Drop } from './drop';
import { type Column, columnsOf, mappingOf, missing } from './fields';
import { ImportCounts, ImportProgress } from './progress';
import { RejectedRows } from './rejected_rows';

const about: Record<ImportKind, string> = {
  people: 'One person a row, with attributes.',
  events: 'One thing that somebody did a row, with its time.',
  members: 'Who is to be in a manual segment.',
};

/** Brings a file in: what it holds, what its columns are, a dry run, and only then the import. */
export function NewImport() {
  const editor = useMay('write');
  const [file, setFile] = useState<File>();
  const [kind, setKind] = useState<ImportKind>('people');
  const look = useLook();
  const choose = (f: File, k: ImportKind) => {
    setFile(f);
    setKind(k);
    look.mutate({ file: f, kind: k });
  };
  if (!editor) return <Text>Your role may not import: ask an editor or an admin of the workspace.</Text>;
  return (
    <Stack gap="lg" maw={900}>
      <Title order={2} size="h4">
        Import a file
      </Title>
      <Drop file={file} onFile={(f) => choose(f, kind)} />
      {file && (
        <Radio.Group label="What is in it?" value={kind} onChange={(k) => choose(file, k as ImportKind)}>
          <Group mt="xs" gap="lg">
            {(Object.keys(about) as ImportKind[]).map((k) => (
              <Radio key={k} value={k} label={k.charAt(0).toUpperCase() + k.slice(1)} description={about[k]} />
            ))}
          </Group>
        </Radio.Group>
      )}
      <Failure error={look.error} />
      {file && look.data && look.variables.file === file && look.variables.kind === kind && (
        <Mapped key={`${file.name} ${kind}`} file={file} kind={kind} sample={look.data} />
      )}
    </Stack>
  );
}

function Mapped({ file, kind, sample }: { file: File; kind: ImportKind; sample: Sample }) {
  const { workspace } = useParams({ from: '/w/$workspace/data/imports/new' });
  const [columns, setColumns] = useState<Column[]>(() => columnsOf(sample, kind));
  const [event, setEvent] = useState('');
  const [segment, setSegment] = useState<string | null>(null);
  const manual = useQuery({ ...segmentsQuery(workspace, { kind: 'manual' }), enabled: kind === 'members' });
  const trial = useStartImport();
  const start = useStartImport();
  const navigate = useNavigate();
  const spec = { file, kind, mapping: mappingOf(columns, kind, event), segment: segment ?? undefined };
  const lack = missing(columns, kind, event) || (kind === 'members' && !segment ? 'Choose the segment.' : '');
  const change = <T,>(set: (x: T) => void) => {
    return (x: T) => {
      set(x);
      trial.reset(); // it told of something else
    };
  };
  const run = () =>
    start.mutate(
      { ...spec, dryRun: false },
      {
        onSuccess: (m) => navigate({ to: '/w/$workspace/data/imports/$import', params: { workspace, import: m.id } }),
      },
    );
  return (
    <Stack gap="md">
      {kind === 'members' && (
        <Select
          label="Into the segment"
          placeholder={
            manual.data?.segments.length === 0 ? 'There is no manual segment yet' : 'Choose a manual segment'
          }
          data={manual.data?.segments.map((s) => ({ value: s.id, label: s.name })) ?? []}
          value={segment}
          onChange={change(setSegment)}
          searchable
          maw={400}
        />
      )}
      <ColumnsTable columns={columns} kind={kind} onChange={change(setColumns)} />
      {kind === 'events' && !columns.some((c) => c.as === 'event') && (
        <TextInput
          label="Name of all events"
          description="Since no column holds it."
          placeholder="Order Completed"
          maxLength={150}
          maw={400}
          value={event}
          onChange={(e) => change(setEvent)(e.currentTarget.value)}
        />
      )}
      {lack && (
        <Text role="status" size="sm">
          {lack}
        </Text>
      )}
      <Group>
        <Button
          disabled={lack !== ''}
          loading={trial.isPending}
          variant={trial.data ? 'default' : 'filled'}
          onClick={() => trial.mutate({ ...spec, dryRun: true })}
        >
          Try it without taking anything
        </Button>
        <Text size="sm" c="dimmed">
          {file.name}, {bytes(file.size)}
        </Text>
      </Group>
      <Failure error={trial.error ?? start.error} />
      {trial.data && <Trial of={trial.data} onRun={run} starting={start.isPending} />}
    </Stack>
  );
}

/** What the dry run found, and the way on. */
function Trial({ of: begun, onRun, starting }: { of: Import; onRun: () => void; starting: boolean }) {
  const { workspace } = useParams({ from: '/w/$workspace/data/imports/new' });
  const found = useQuery(importQuery(workspace, begun.id)).data ?? begun;
  const good = found.accepted + found.partial;
  return (
    <Stack gap="md" role="region" aria-label="Dry run">
      {found.state === 'running' ? <ImportProgress of={found} /> : <ImportCounts of={found} />}
      {found.reason && <Text role="alert">{found.reason}</Text>}
      {found.state === 'done' && (
        <Group>
          <Button onClick={onRun} loading={starting} disabled={good === 0}>
            {good === 0 ? 'No row could be taken' : `Import ${number(good)} rows`}
          </Button>
        </Group>
      )}
      {found.state !== 'running' && found.rejected + found.partial > 0 && <RejectedRows of={found} />}
    </Stack>
  );
}
