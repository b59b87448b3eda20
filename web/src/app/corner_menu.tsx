import { UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';
import classes from './corner_menu.module.css';

/**
 * A menu that hangs from a corner of the frame. It is the browser's own popover, which closes on Escape and on a click
 * elsewhere: a library's, with what places it, would weigh on every first load. Its items have the role menuitem.
 */
export function CornerMenu({
  label,
  side,
  button,
  children,
}: {
  label: string;
  side: 'left' | 'right';
  button: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const step = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  };
  return (
    <>
      <UnstyledButton popoverTarget={id} aria-label={label} aria-haspopup="menu" className={classes.button}>
        {button}
      </UnstyledButton>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        className={classes.menu}
        data-side={side}
        onToggle={(event) => event.newState === 'open' && items()[0]?.focus()}
        onKeyDown={step}
        onClick={() => menu.current?.hidePopover()}
      >
        {children}
      </div>
    </>
  );
}

/** What a menu is about. */
export function CornerLabel({ children }: { children: ReactNode }) {
  return <div className={classes.label}>{children}</div>;
}

export const cornerItem = classes.item;
