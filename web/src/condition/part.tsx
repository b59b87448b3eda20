import { CloseButton, UnstyledButton } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import style from './condition.module.css';

/** A word of the sentence. */
export const Word = ({ children }: { children: ReactNode }) => <span className={style.word}>{children}</span>;

/** A part of the sentence that can be taken away. */
export function Part({ label, onRemove, children }: { label: string; onRemove?: () => void; children: ReactNode }) {
  return (
    <span className={style.part}>
      {children}
      {onRemove && <CloseButton className={style.remove} size="xs" aria-label={`Remove ${label}`} onClick={onRemove} />}
    </span>
  );
}

/** Adds a part of the sentence. */
export const AddPart = ({ children, onClick }: { children: ReactNode; onClick: () => void }) => (
  <UnstyledButton className={style.add} onClick={onClick}>
    <IconPlus size="0.8em" aria-hidden /> {children}
  </UnstyledButton>
);
