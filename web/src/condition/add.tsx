import { Combobox, useCombobox } from '@mantine/core';
import { IconChevronRight, IconPlus } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { Condition } from '../definition/condition';
import style from './condition.module.css';
import { Line } from './field';
import { markFresh } from './fresh';
import type { Kind } from './kind';
import { type Proposal, useProposals } from './proposal';

/**
 * Adds a condition. One types it, and the first proposal is what was understood; or one chooses what it is about, and
 * then of which name. What is chosen takes the focus, what was typed leaves it here for the next one.
 */
export function AddCondition({ onAdd, autoFocus }: { onAdd: (condition: Condition) => void; autoFocus?: boolean }) {
  const [text, setText] = useState('');
  const [kind, setKind] = useState<Kind>();
  const field = useRef<HTMLInputElement>(null);
  const { proposals, fault } = useProposals(text, kind);
  const store = useCombobox({ onDropdownClose: () => store.resetSelectedOption() });

  const start = proposals[0]?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first is selected whenever another becomes the first
  useEffect(() => {
    if (store.dropdownOpened && start !== undefined && (text !== '' || kind)) store.selectFirstOption();
  }, [start, store.dropdownOpened, text, kind]);

  const reset = () => {
    setText('');
    setKind(undefined);
  };
  const choose = (proposal: Proposal | undefined) => {
    if (proposal?.kind) {
      setText('');
      setKind(proposal.kind);
      field.current?.focus();
    }
    if (!proposal?.add) return;
    reset();
    store.closeDropdown();
    const condition = structuredClone(proposal.add);
    onAdd(proposal.typed ? condition : markFresh(condition));
  };

  const groups = [...new Set(proposals.map((p) => p.group))];
  const line = (p: Proposal) => (
    <Combobox.Option key={p.key} value={p.key}>
      <Line icon={p.icon} label={p.label} hint={p.hint} />
    </Combobox.Option>
  );
  return (
    <Combobox
      store={store}
      onOptionSubmit={(key) => choose(proposals.find((p) => p.key === key))}
      keepMounted={false}
      width="max-content"
      position="bottom-start"
    >
      <Combobox.DropdownTarget>
        <div className={style.new}>
          {kind ? <Chosen kind={kind} /> : <IconPlus size={14} aria-hidden />}
          <Combobox.EventsTarget withExpandedAttribute>
            <input
              ref={field}
              className={style.newText}
              aria-label="Add a condition"
              placeholder={kind?.which ?? 'Add a condition, or type: plan is pro'}
              // biome-ignore lint/a11y/noAutofocus: where one goes on after something was added or taken away
              autoFocus={autoFocus}
              value={text}
              spellCheck={false}
              onChange={(event) => {
                setText(event.currentTarget.value);
                store.openDropdown();
              }}
              onClick={() => store.openDropdown()}
              onBlur={() => {
                store.closeDropdown();
                setKind(undefined);
              }}
              onKeyDown={(event) => {
                if (event.key === 'Backspace' && text === '') setKind(undefined);
                if (event.key === 'Escape') reset();
              }}
            />
          </Combobox.EventsTarget>
        </div>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown w="min(92vw, 30rem)">
        <Combobox.Options aria-label="Conditions" mah="24rem" className={style.options}>
          {groups.map((group) => {
            const of = proposals.filter((p) => p.group === group).map(line);
            return group ? (
              <Combobox.Group key={group} label={group}>
                {of}
              </Combobox.Group>
            ) : (
              of
            );
          })}
          {proposals.length === 0 && (
            <Combobox.Empty>{kind ? 'Nothing like that was seen' : (fault ?? 'Not understood yet')}</Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

const Chosen = ({ kind }: { kind: Kind }) => (
  <span className={style.chosen}>
    <kind.icon size={14} /> {kind.name} <IconChevronRight size={12} aria-hidden />
  </span>
);
