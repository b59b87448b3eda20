import { ActionIcon, Alert, Button, Drawer, Group, SegmentedControl, Stack, Text, Tooltip } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { count } from '../app/format';
import { notify } from '../app/notify';
import { Page } from '../app/page';
import { definitionOf } from '../definition/halves';
import { hasMuted, settleMuted } from '../definition/tree';
import { segmentsQuery } from '../segments/api';
import { sessionQuery } from '../session/api';
import { type Bench, BenchContext } from './bench';
import { Box } from './box';
import type { Opening } from './builder';
import classes from './builder.module.css';
import { Check, useCheck } from './check';
import { Announcement, Counts, Headline } from './counts';
import { Details } from './details';
import { draftOf, isEmpty, useDraft } from './draft';
import { sameDraft, useDraftAddress } from './draft_address';
import { useDrag } from './drag';
import { useRowFocus } from './focus';
import { Leave } from './leave';
import { usePreviewed } from './previewed';
import { Recipes } from './recipes';
import { Save } from './save';
import { useBuilderSearch } from './search';
import { Source } from './source';

/** The segment builder: who is included and excluded, how many they are, and who. */
export function Screen({ workspace, opening, reopen }: { workspace: string; opening: Opening; reopen: () => void }) {
  const { base, of } = opening;
  const { search, say } = useBuilderSearch();
  const navigate = useNavigate();
  const editing = useDraft(opening.draft);
  const { draft } = editing;
  const saved = useRef(false);
  useDraftAddress(editing, { base, mark: of?.etag, saved: () => saved.current });
  const live = usePreviewed(workspace, draft.halves);
  const checked = useCheck(workspace, search.check ?? '', draft.halves);
  const drag = useDrag(editing.edit);
  const rows = useRowFocus(editing);
  const session = useQuery(sessionQuery).data;
  const role = session?.workspaces?.find((m) => m.workspace.id === workspace)?.role;
  const tags = useQuery(segmentsQuery(workspace, {})).data?.segments?.flatMap((s) => s.tags ?? []) ?? [];
  const readOnly = role === 'viewer';
  const [saving, setSaving] = useState(false);
  const narrow = useMediaQuery('(max-width: 62em)', false, { getInitialValueInEffect: false });
  const [opened, setOpened] = useState(false); // the panel, where there is no room beside the rows
  useHotkeys(
    [
      ['mod+Z', editing.undo],
      ['mod+shift+Z', editing.redo],
      ['mod+Y', editing.redo],
    ],
    ['TEXTAREA'],
  );

  const bench: Bench = { editing, live, verdicts: checked.verdicts, drag, readOnly, ...rows.bench };
  const definition = definitionOf(draft.halves);
  const empty = isEmpty(draft.halves);
  const muted = hasMuted(draft.halves.include) || hasMuted(draft.halves.exclude);
  const unchanged = of !== undefined && sameDraft(draft, base);
  const title = of ? `Edit ${of.segment.name}` : 'New segment';

  const panel = (
    <>
      <Counts empty={empty} />
      {!empty && <Check person={search.check ?? ''} choose={(check) => void say({ check })} checked={checked} />}
    </>
  );

  return (
    <BenchContext value={bench}>
      <Page
        title={title}
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label="Show the definition as"
              data={[
                { value: 'rows', label: 'Conditions' },
                { value: 'text', label: 'Text' },
                { value: 'json', label: 'JSON' },
              ]}
              value={search.view ?? 'rows'}
              onChange={(view) => say({ view: view === 'rows' ? undefined : (view as 'text' | 'json') })}
            />
            <Step label="Undo" keys="mod+Z" icon={IconArrowBackUp} can={editing.canUndo} act={editing.undo} />
            <Step label="Redo" keys="mod+shift+Z" icon={IconArrowForwardUp} can={editing.canRedo} act={editing.redo} />
            {!readOnly && (
              <Button
                onClick={() => setSaving(true)}
                disabled={!definition || muted || live.faults.size > 0 || of?.segment.kind === 'manual' || unchanged}
                title={unchanged ? 'Nothing is changed yet' : undefined}
              >
                Save…
              </Button>
            )}
          </>
        }
      >
        {readOnly && (
          <Alert>You can look at this segment and try it out on people, but not save it: you are a viewer here.</Alert>
        )}
        <Details editing={editing} readOnly={readOnly} tags={[...new Set(tags)]} />
        <div className={classes.columns}>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: it listens for the keys and the drags of its rows */}
          <div className={classes.main} {...rows.area} {...drag.area} onBlur={editing.settle}>
            {search.view ? (
              <Source
                key={search.view}
                form={search.view}
                workspace={workspace}
                editing={editing}
                readOnly={readOnly}
              />
            ) : (
              <fieldset className={classes.boxes} disabled={readOnly} aria-label="Conditions">
                <Box group={draft.halves.include} autoFocus={empty && !of} />
                <Box group={draft.halves.exclude} excludes />
              </fieldset>
            )}
            {muted && <Muted keep={(keep) => editing.edit((both) => settleMuted(both, keep))} />}
            {live.preview && !empty && (
              <Text size="sm" className={classes.fresh} data-stale={!live.fresh || undefined}>
                <Text span fw={600} inherit>
                  Reads:{' '}
                </Text>
                <bdi>{live.preview.sentence}</bdi>
              </Text>
            )}
            {empty && !readOnly && !of && (
              <Recipes
                workspace={workspace}
                start={(recipe) => editing.change((before) => ({ ...draftOf({ ...before, ...recipe }) }))}
              />
            )}
          </div>
          {!narrow && <div className={classes.aside}>{panel}</div>}
        </div>
        {narrow && !empty && (
          <div className={classes.bottom}>
            <Headline />
            <Button variant="default" size="xs" onClick={() => setOpened(true)} aria-haspopup="dialog">
              See who
            </Button>
          </div>
        )}
        <Drawer
          opened={narrow && opened}
          onClose={() => setOpened(false)}
          position="bottom"
          size="85dvh"
          title="Who matches"
        >
          <Stack gap="md">{panel}</Stack>
        </Drawer>
        <Announcement />
      </Page>
      <Leave unsaved={() => !saved.current && !readOnly && !sameDraft(draft, base)} />
      {saving && definition && (
        <Save
          workspace={workspace}
          editing={editing}
          definition={definition}
          of={of}
          close={() => setSaving(false)}
          saved={() => {
            saved.current = true;
          }}
          done={(segment) => {
            void notify(`Saved. ${segment.name} holds ${count(segment.count, 'person', 'people')}.`);
            void navigate({ to: '/w/$workspace/segments/$segment', params: { workspace, segment: segment.key } });
          }}
          reopen={() => {
            void say({ draft: undefined, base: undefined });
            reopen();
          }}
        />
      )}
    </BenchContext>
  );
}

function Step({
  label,
  keys,
  icon: Icon,
  can,
  act,
}: {
  label: string;
  keys: string;
  icon: typeof IconArrowBackUp;
  can: boolean;
  act: () => void;
}) {
  return (
    <Tooltip label={`${label} (${keys.replace('mod', 'Ctrl')})`}>
      <ActionIcon size="lg" aria-label={label} data-disabled={!can || undefined} aria-disabled={!can} onClick={act}>
        <Icon size={18} />
      </ActionIcon>
    </Tooltip>
  );
}

/** What is muted is tried without: it is counted again or taken out before the segment is saved. */
function Muted({ keep }: { keep: (keep: boolean) => void }) {
  return (
    <Alert color="yellow" p="sm">
      <Group gap="xs">
        <Text size="sm">What is muted is left out of the count. To save, decide:</Text>
        <Button size="compact-xs" variant="default" onClick={() => keep(true)}>
          Count it again
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => keep(false)}>
          Take it out
        </Button>
      </Group>
    </Alert>
  );
}
