import { Button, Group, Text, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Condition, sameJson } from '../definition/condition';
import { definitionQuery, notUnderstood, textQuery, useWorkspace } from './api';
import style from './condition.module.css';
import { isObject } from './edit';

interface Props {
  condition: Condition;
  onChange: (next: Condition) => void;
  /** Leaves the text for the form; nothing where there is no form. */
  onClose?: () => void;
  autoFocus?: boolean;
}

/** A condition as text, in the language's own grammar. JSON is understood as well. */
export function TextEditor({ condition, onChange, onClose, autoFocus }: Props) {
  const workspace = useWorkspace();
  const written = useQuery(definitionQuery(workspace, condition));
  const [draft, setDraft] = useState<string>();
  const text = draft ?? written.data?.text ?? (written.isError ? JSON.stringify(condition) : '');
  const [settled] = useDebouncedValue(text, 200);
  const json = asJson(text);
  const parsed = useQuery({
    ...textQuery(workspace, settled),
    enabled: draft !== undefined && !json && settled.trim() !== '',
  });
  const next = json ?? (settled === text ? parsed.data?.definition : undefined);
  const apply = () => {
    if (draft === undefined) return onClose?.();
    if (!next) return;
    if (!sameJson(next, condition)) onChange(next);
    setDraft(undefined);
    onClose?.();
  };
  return (
    <>
      <Textarea
        aria-label="Condition as text"
        size="sm"
        autosize
        minRows={1}
        spellCheck={false}
        autoFocus={autoFocus}
        value={text}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            apply();
          }
          if (event.key === 'Escape') {
            setDraft(undefined);
            onClose?.();
          }
        }}
      />
      <Group gap="xs" mt={4}>
        {(draft !== undefined || onClose) && (
          <Button size="compact-xs" disabled={draft !== undefined && !next} onClick={apply}>
            Done
          </Button>
        )}
        {draft !== undefined && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            onClick={() => {
              setDraft(undefined);
              onClose?.();
            }}
          >
            Cancel
          </Button>
        )}
        <Text size="xs" className={parsed.isError ? style.fault : style.word} aria-live="polite">
          {parsed.isError ? notUnderstood(parsed.error) : parsed.data?.sentence}
        </Text>
      </Group>
    </>
  );
}

function asJson(text: string): Condition | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value as never) ? (value as Condition) : undefined;
  } catch {
    return undefined;
  }
}
