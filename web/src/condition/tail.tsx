import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { createContext, useContext } from 'react';
import style from './condition.module.css';
import { AddPart } from './part';

export interface Addition {
  readonly label: string;
  readonly onClick: () => void;
}

/** Opens the text of the whole condition; nothing inside of where and steps. */
export const EditText = createContext<(() => void) | undefined>(undefined);

/** The end of a sentence: what can be added to it, the usual in sight, the rare in a menu. */
export function Tail(props: { adds?: readonly Addition[]; more?: readonly Addition[]; of: string }) {
  const { adds = [], more = [], of } = props;
  const edit = useContext(EditText);
  return (
    <span className={style.tail}>
      {adds.map(({ label, onClick }) => (
        <AddPart key={label} onClick={onClick}>
          {label}
        </AddPart>
      ))}
      <More of={of} items={[...more, ...(edit ? [{ label: 'Edit as text', onClick: edit }] : [])]} quiet />
    </span>
  );
}

/** A menu of what is rarely wanted; nothing when there is nothing. */
export function More({ of, items, quiet }: { of: string; items: readonly Addition[]; quiet?: boolean }) {
  if (items.length === 0) return null;
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <ActionIcon
          size={quiet ? 'sm' : 'xs'}
          className={quiet ? style.quiet : undefined}
          aria-label={`More for ${of}`}
        >
          <IconDots size={quiet ? 14 : 12} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {items.map(({ label, onClick }) => (
          <Menu.Item key={label} onClick={onClick}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
