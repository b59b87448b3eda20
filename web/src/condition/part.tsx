import { ActionIcon, UnstyledButton } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import style from './condition.module.css';

/** A word of the sentence. */
export const Word = ({ children }: { children: ReactNode }) => <span className={style.word}>{children}</span>;

/** A part of the sentence that can be taken away. tools are what else can be done to it. */
export function Part(props: { label: string; onRemove?: () => void; tools?: ReactNode; children: ReactNode }) {
  const { label, onRemove, tools, children } = props;
  return (
    <span className={style.part}>
      {children}
      {(onRemove || tools) && (
        <span className={style.tools}>
          {tools}
          {onRemove && (
            <ActionIcon size="xs" aria-label={`Remove ${label}`} onClick={onRemove}>
              <IconX size={12} />
            </ActionIcon>
          )}
        </span>
      )}
    </span>
  );
}

/** Adds a part of the sentence. */
export const AddPart = ({ children, onClick }: { children: ReactNode; onClick: () => void }) => (
  <UnstyledButton data-add className={style.add} onClick={onClick}>
    <IconPlus size="0.8em" aria-hidden /> {children}
  </UnstyledButton>
);
