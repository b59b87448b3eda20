import { ActionIcon, Menu, Text, Tooltip } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconBoxMultiple,
  IconCopy,
  IconDots,
  IconEye,
  IconEyeOff,
  IconSwitchHorizontal,
  IconTrash,
  IconUnlink,
} from '@tabler/icons-react';
import { duplicate, type GroupNode, mute, type Node, oppose, unwrap, wrap } from '../definition/tree';
import { useBench } from './bench';

/** What can be done with a row beside editing it. */
export function RowActions({ node, parent, what }: { node: Node; parent: GroupNode; what: string }) {
  const { editing } = useBench();
  return (
    <>
      <Tooltip label={node.muted ? 'Count it again' : 'Mute: try without it'}>
        <ActionIcon
          size="sm"
          aria-label={`Mute ${what}`}
          aria-pressed={node.muted === true}
          onClick={() => editing.edit((both) => mute(both, node.id, !node.muted))}
        >
          {node.muted ? <IconEyeOff size={16} /> : <IconEye size={16} />}
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon size="sm" aria-label={`More for ${what}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <More node={node} parent={parent} />
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function More({ node, parent }: { node: Node; parent: GroupNode }) {
  const { editing, move, remove } = useBench();
  const edit = (change: (both: Node) => Node) => () => editing.edit(change);
  const key = (keys: string) => (
    <Text size="xs" c="dimmed">
      {keys}
    </Text>
  );
  return (
    <>
      <Menu.Item leftSection={<IconCopy size={16} />} onClick={edit((both) => duplicate(both, node.id))}>
        Duplicate
      </Menu.Item>
      <Menu.Item
        leftSection={<IconBoxMultiple size={16} />}
        onClick={edit((both) => wrap(both, node.id, parent.quantifier === 'all' ? 'any' : 'all'))}
      >
        Put in a group
      </Menu.Item>
      {node.kind === 'group' && (
        <Menu.Item leftSection={<IconUnlink size={16} />} onClick={edit((both) => unwrap(both, node.id))}>
          Take the group apart
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconSwitchHorizontal size={16} />} onClick={edit((both) => oppose(both, node.id))}>
        {node.kind === 'not' ? 'Undo the opposite' : 'Say the opposite'}
      </Menu.Item>
      <Menu.Item leftSection={<IconArrowUp size={16} />} rightSection={key('Alt+↑')} onClick={() => move(node.id, -1)}>
        Move up
      </Menu.Item>
      <Menu.Item leftSection={<IconArrowDown size={16} />} rightSection={key('Alt+↓')} onClick={() => move(node.id, 1)}>
        Move down
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item
        c="var(--mantine-color-error)"
        leftSection={<IconTrash size={16} />}
        rightSection={key('Del')}
        onClick={() => remove(node.id)}
      >
        Delete
      </Menu.Item>
    </>
  );
}
