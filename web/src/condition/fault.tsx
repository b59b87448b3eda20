import { Anchor, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { createContext, type ReactNode, useContext } from 'react';

import style from './condition.module.css';

/** What is wrong at a place of a condition. */
export interface Fault {
  /** Relative to the condition. */
  pointer: string;
  message: string;
  suggestion?: string;
}

interface Faults {
  readonly list: readonly Fault[];
  readonly id: string;
}
const Context = createContext<Faults>({ list: [], id: '' });

/** Makes the faults of a condition known to its fields. */
export function FaultsOf({ faults, id, children }: { faults: readonly Fault[]; id: string; children: ReactNode }) {
  return <Context value={{ list: faults, id }}>{children}</Context>;
}

/** What a field must carry to be seen and heard as wrong, by the pointer of its value, and of the whole that it is half of. */
export function useFault(at: string, whole?: string): { 'aria-invalid'?: true; 'aria-describedby'?: string } {
  const { list, id } = useContext(Context);
  const index = list.findIndex(({ pointer }) => pointer === at || pointer === whole || pointer.startsWith(`${at}/`));
  return index < 0 ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-${index}` };
}

/** The faults in words, under the condition that has them. */
export function FaultList({ onSuggestion }: { onSuggestion: (fault: Fault) => void }) {
  const { list, id } = useContext(Context);
  return list.map((fault, i) => (
    <Text key={`${fault.pointer} ${fault.message}`} id={`${id}-${i}`} size="xs" className={style.fault}>
      <IconAlertCircle size="1em" aria-hidden /> {fault.message}
      {fault.suggestion && (
        <>
          {' · did you mean '}
          <Anchor component="button" type="button" size="xs" onClick={() => onSuggestion(fault)}>
            {fault.suggestion}
          </Anchor>
          ?
        </>
      )}
    </Text>
  ));
}
