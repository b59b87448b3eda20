import { Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { messageOf } from '../app/error';
import type { Condition } from '../definition/condition';
import { formsQuery } from '../segments/api';
import { parseWords } from './api';

/** A condition as text, which is read a moment after the last key; a fault stands under it, and the value stays. */
export function ConditionWords({
  label,
  description,
  value,
  change,
  readOnly,
}: {
  label: string;
  description?: string;
  value: Condition | undefined;
  change: (value: Condition | undefined) => void;
  readOnly?: boolean;
}) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const forms = useQuery(formsQuery(workspace, value));
  const [typed, setTyped] = useState<string>();
  const [settled] = useDebouncedValue(typed, 300);
  const [fault, setFault] = useState('');
  const latest = useRef(change);
  latest.current = change;
  useEffect(() => {
    if (settled === undefined) return;
    if (settled.trim() === '') {
      setFault('');
      latest.current(undefined);
      return;
    }
    let over = false;
    parseWords(settled).then(
      (read) => {
        if (over) return;
        setFault('');
        latest.current(read);
      },
      (error) => !over && setFault(messageOf(error)),
    );
    return () => {
      over = true;
    };
  }, [settled]);
  return (
    <Textarea
      label={label}
      description={description}
      autosize
      minRows={1}
      readOnly={readOnly}
      value={typed ?? forms.data?.text ?? ''}
      error={fault || undefined}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}
