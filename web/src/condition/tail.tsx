import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, IconX } from '@tabler/icons-react';
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
export function Tail({
  adds = [],
  more = [],
  of,
  onRemove,
}: {
  adds?: readonly Addition[];
  more?: readonly Addition[];
  of: string;
  onRemove?: () => void;
}) {
  const edit = useContext(EditText);
  const rare = [...more, ...(edit ? [{ label: 'Edit as text', onClick: edit }] : [])];
  return (
    <span className={style.tail}>
      {adds.map(({ label, onClick }) => (
        <AddPart key={label} onClick={onClick}>
          {label}
        </AddPart>
      ))}
      {rare.length > 0 && (
        <Menu position="bottom-start" withinPortal>
          <Menu.Target>
            <ActionIcon size="sm" className={style.quiet} aria-label={`More for ${of}`}>
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {rare.map(({ label, onClick }) => (
              <Menu.Item key={label} onClick={onClick}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {onRemove && (
        <ActionIcon size="sm" className={style.quiet} aria-label={`Remove ${of}`} onClick={onRemove}>
          <IconX size={14} />
        </ActionIcon>
      )}
    </span>
  );
}
