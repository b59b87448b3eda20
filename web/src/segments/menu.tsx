import { Menu } from '@mantine/core';
import {
  IconArchive,
  IconArchiveOff,
  IconChartCircles,
  IconCopy,
  IconCopyPlus,
  IconHandStop,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconTag,
  IconTrash,
} from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { copyText } from '../app/copy';
import { notify } from '../app/notify';
import { useMay } from '../session/api';
import { isBuilding, type Segment, useAct, type Verb } from './api';
import { DetailsDialog } from './details';
import { type Form, formOf } from './forms';
import { RemoveDialog } from './remove';

type Dialog = 'details' | 'archive' | 'delete';

const done: Record<Verb, string> = {
  archive: 'is archived',
  restore: 'is back',
  pause: 'is paused: its people stay as they are',
  resume: 'goes on; what changed meanwhile is told now',
  cancel: 'is no longer being built',
};

/** Everything that can be done with a segment, behind a button. gone is called when it is deleted. */
export function SegmentMenu({ segment, children, gone }: { segment: Segment; children: ReactNode; gone?: () => void }) {
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const may = useMay('write');
  return (
    <>
      <Menu position="bottom-end" width={220} withinPortal>
        <Menu.Target>{children}</Menu.Target>
        <Menu.Dropdown>
          {may && segment.state !== 'archived' && <Edits segment={segment} ask={setDialog} />}
          <Looks segment={segment} />
          {may && <States segment={segment} ask={setDialog} />}
        </Menu.Dropdown>
      </Menu>
      {dialog === 'details' && <DetailsDialog segment={segment} close={close} />}
      {(dialog === 'archive' || dialog === 'delete') && (
        <RemoveDialog segment={segment} verb={dialog} close={close} gone={gone} />
      )}
    </>
  );
}

function Edits({ segment, ask }: { segment: Segment; ask: (dialog: Dialog) => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const dynamic = segment.kind === 'dynamic';
  return (
    <>
      {dynamic && (
        <Menu.Item
          leftSection={<IconPencil size={16} />}
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/segments/$segment/edit" params={{ workspace, segment: segment.key }} />
          )}
        >
          Edit
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconTag size={16} />} onClick={() => ask('details')}>
        Name and tags…
      </Menu.Item>
      {dynamic && (
        <Menu.Item
          leftSection={<IconCopyPlus size={16} />}
          renderRoot={(props) => (
            <Link
              {...props}
              to="/w/$workspace/segments/new"
              params={{ workspace }}
              search={{ from: segment.key } as never}
            />
          )}
        >
          Duplicate
        </Menu.Item>
      )}
    </>
  );
}

const forms: readonly [Form, string][] = [
  ['json', 'JSON'],
  ['yaml', 'YAML'],
  ['text', 'text'],
];

function Looks({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const copy = async (form: Form, name: string) => {
    try {
      await copyText(formOf(segment, form));
      notify(`The definition is on the clipboard as ${name}`);
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      {segment.state !== 'archived' && (
        <Menu.Item
          leftSection={<IconChartCircles size={16} />}
          renderRoot={(props) => (
            <Link
              {...props}
              to="/w/$workspace/segments/$segment"
              params={{ workspace, segment: segment.key }}
              search={{ tab: 'overlap' }}
            />
          )}
        >
          Compare
        </Menu.Item>
      )}
      {segment.kind === 'dynamic' &&
        forms.map(([form, name]) => (
          <Menu.Item key={form} leftSection={<IconCopy size={16} />} onClick={() => copy(form, name)}>
            Copy as {name}
          </Menu.Item>
        ))}
    </>
  );
}

function States({ segment, ask }: { segment: Segment; ask: (dialog: Dialog) => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const act = useAct(workspace);
  const item = (verb: Verb, label: string, icon: ReactNode) => (
    <Menu.Item
      leftSection={icon}
      onClick={() =>
        act.mutate(
          { id: segment.id, verb },
          {
            onSuccess: () => notify(`${segment.name} ${done[verb]}`),
            onError: (error) => notify(`${segment.name}: ${error.message}`),
          },
        )
      }
    >
      {label}
    </Menu.Item>
  );
  return (
    <>
      <Menu.Divider />
      {isBuilding(segment) && item('cancel', 'Stop the build', <IconHandStop size={16} />)}
      {segment.kind === 'dynamic' && segment.state === 'live' && item('pause', 'Pause', <IconPlayerPause size={16} />)}
      {segment.state === 'paused' && item('resume', 'Resume', <IconPlayerPlay size={16} />)}
      {segment.state === 'archived' ? (
        item('restore', 'Restore', <IconArchiveOff size={16} />)
      ) : (
        <Menu.Item leftSection={<IconArchive size={16} />} onClick={() => ask('archive')}>
          Archive…
        </Menu.Item>
      )}
      <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => ask('delete')}>
        Delete…
      </Menu.Item>
    </>
  );
}
