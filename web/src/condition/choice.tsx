import { Combobox, useCombobox } from '@mantine/core';
import { type ReactNode, useRef, useState } from 'react';
import style from './condition.module.css';
import { useFault } from './fault';
import { Line } from './field';

export interface Option<T extends string> {
  readonly value: T;
  /** As it stands in the sentence. */
  readonly words: string;
  /** As the list names it; the words if left out. */
  readonly name?: string;
  readonly hint?: ReactNode;
  readonly group?: string;
}

interface Props<T extends string> {
  label: string;
  at: string;
  value: T;
  options: readonly Option<T>[];
  onChange: (next: T) => void;
  /** Set off like a value: what is chosen is a thing, and not a word of the sentence. */
  filled?: boolean;
}

const searched = 9;

/** One of several ways of saying something, chosen from a list; a long list can be searched. */
export function Choice<T extends string>({ label, at, value, options, onChange, filled }: Props<T>) {
  const [search, setSearch] = useState('');
  const fault = useFault(at);
  const long = options.length >= searched;
  const target = useRef<HTMLButtonElement>(null);
  const store = useCombobox({
    onDropdownClose: (source) => {
      store.resetSelectedOption();
      setSearch('');
      if (source === 'keyboard') target.current?.focus();
    },
    onDropdownOpen: () => (long ? store.focusSearchInput() : store.updateSelectedOptionIndex('active')),
  });
  const words = options.find((o) => o.value === value)?.words ?? value;
  const wanted = search.trim().toLowerCase();
  const shown = options.filter((o) => `${o.name ?? o.words} ${o.group ?? ''}`.toLowerCase().includes(wanted));
  const groups = [...new Set(shown.map((o) => o.group))];
  const line = (o: Option<T>) => (
    <Combobox.Option key={o.value} value={o.value} active={o.value === value}>
      <Line label={o.name ?? o.words} hint={o.hint} />
    </Combobox.Option>
  );
  return (
    <Combobox
      store={store}
      keepMounted={false}
      width="max-content"
      position="bottom-start"
      onOptionSubmit={(next) => {
        store.closeDropdown('keyboard');
        if (next !== value) onChange(next as T);
      }}
    >
      <Combobox.Target targetType="button" withExpandedAttribute>
        <button
          type="button"
          ref={target}
          {...fault}
          className={style.choice}
          data-filled={filled || undefined}
          aria-label={`${label}: ${words}`}
          onClick={() => store.toggleDropdown()}
        >
          {words}
        </button>
      </Combobox.Target>
      <Combobox.Dropdown miw="11rem" maw="min(90vw, 26rem)">
        {long && (
          <Combobox.Search
            aria-label={`Find: ${label}`}
            placeholder="Find…"
            value={search}
            onChange={(event) => {
              setSearch(event.currentTarget.value);
              store.selectFirstOption();
            }}
            onKeyDown={(event) => {
              if (event.key === 'Tab') store.closeDropdown('keyboard'); // and on from where the list was opened
            }}
          />
        )}
        <Combobox.Options aria-label={label} mah="20rem" className={style.options}>
          {shown.length === 0 && <Combobox.Empty>Nothing like that</Combobox.Empty>}
          {groups.map((group) => {
            const of = shown.filter((o) => o.group === group).map(line);
            return group ? (
              <Combobox.Group key={group} label={group}>
                {of}
              </Combobox.Group>
            ) : (
              of
            );
          })}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
