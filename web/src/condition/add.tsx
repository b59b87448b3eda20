import { Combobox, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { messageOf } from '../app/error';
import type { Condition } from '../definition/condition';
import { textQuery, useNames, useWorkspace } from './api';
import style from './condition.module.css';
import { Line, matching } from './field';
import { markFresh } from './fresh';
import { seen } from './name';

interface Proposal {
  readonly key: string;
  readonly group: string;
  readonly label: ReactNode;
  readonly hint?: string;
  readonly condition: Condition;
}

/** Adds a condition: by typing it as text, or by choosing what it is about. */
export function AddCondition({ onAdd, autoFocus }: { onAdd: (condition: Condition) => void; autoFocus?: boolean }) {
  const [text, setText] = useState('');
  const [settled] = useDebouncedValue(text.trim(), 150);
  const parsed = useQuery({ ...textQuery(useWorkspace(), settled), placeholderData: undefined });
  const attributes = useNames({ kind: 'attribute' }, settled).names;
  const events = useNames({ kind: 'event' }, settled).names;
  const store = useCombobox({ onDropdownClose: () => store.resetSelectedOption() });

  const proposals: Proposal[] = [];
  if (parsed.data && text.trim() !== '')
    proposals.push({ key: 'text', group: 'As typed', label: parsed.data.sentence, condition: parsed.data.definition });
  const known = [
    ...events.map((n) => ({ label: n.name, value: { event: n.name }, hint: seen(n), group: 'Events' })),
    ...attributes.map((n) => ({
      label: n.name,
      value: { attribute: n.name, op: 'exists' },
      hint: seen(n),
      group: 'Attributes',
    })),
  ];
  for (const group of ['Events', 'Attributes'])
    for (const n of matching(
      known.filter((k) => k.group === group),
      text,
    ).slice(0, 6))
      proposals.push({
        key: `${group} ${n.label}`,
        group,
        label: n.label,
        hint: n.hint,
        condition: n.value as Condition,
      });

  useEffect(() => {
    if (text !== '') store.selectFirstOption();
  });

  const add = (key: string) => {
    const proposal = proposals.find((p) => p.key === key);
    if (!proposal) return;
    setText('');
    store.closeDropdown();
    onAdd(markFresh(structuredClone(proposal.condition)));
  };
  const groups = [...new Set(proposals.map((p) => p.group))];
  return (
    <Combobox store={store} onOptionSubmit={add} keepMounted={false} width="target" position="bottom-start">
      <Combobox.Target withExpandedAttribute>
        <TextInput
          aria-label="Add a condition"
          placeholder="Add a condition: choose, or type plan is pro"
          size="xs"
          variant="unstyled"
          leftSection={<IconPlus size={14} />}
          classNames={{ input: style.new }}
          autoFocus={autoFocus}
          value={text}
          spellCheck={false}
          onChange={(event) => {
            setText(event.currentTarget.value);
            store.openDropdown();
          }}
          onClick={() => store.openDropdown()}
          onBlur={() => store.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options aria-label="Conditions" mah="22rem" className={style.options}>
          {groups.map((group) => (
            <Combobox.Group key={group} label={group}>
              {proposals
                .filter((p) => p.group === group)
                .map((p) => (
                  <Combobox.Option key={p.key} value={p.key}>
                    <Line label={p.label} hint={p.hint} />
                  </Combobox.Option>
                ))}
            </Combobox.Group>
          ))}
          {proposals.length === 0 && (
            <Combobox.Empty>
              {parsed.isError ? messageOf(parsed.error) : 'Type a condition: plan is pro'}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
