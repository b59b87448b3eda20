import { Anchor, Combobox, Pill, PillsInput, useCombobox } from '@mantine/core';
import { useState } from 'react';
import { count } from '../app/format';
import { type Json, sameJson } from '../definition/condition';
import type { Source } from './api';
import style from './condition.module.css';
import { type Change, readValue, textOf } from './edit';
import { useFault } from './fault';
import { Line, matching } from './field';
import { linesOf } from './lines';
import { useSeenValues } from './value';

const shownFirst = 20;

/** A list of values: typed, picked, or pasted with one on each line. */
export function ValuesField(props: {
  label: string;
  at: string;
  value: Json[];
  onChange: Change<Json>;
  source: Source | undefined;
  name: string;
  types: readonly string[];
}) {
  const { label, at, value, onChange, source, name, types } = props;
  const [text, setText] = useState('');
  const [all, setAll] = useState(false);
  const fault = useFault(at);
  const { options, search } = useSeenValues(source, name);
  const store = useCombobox({ onDropdownClose: () => store.resetSelectedOption() });
  const shown = matching(options, text).filter((o) => !value.some((v) => sameJson(v, o.value)));
  const pills = all ? value : value.slice(0, shownFirst);

  const add = (more: readonly Json[]) => {
    const next = [...value];
    for (const v of more) if (!next.some((x) => sameJson(x, v))) next.push(v);
    if (next.length > value.length) onChange(next);
    setText('');
  };
  const read = (s: string) => readValue(s, value[0], types);
  const commit = () => text.trim() !== '' && add([read(text.trim())]);

  return (
    <Combobox
      store={store}
      keepMounted={false}
      width="max-content"
      position="bottom-start"
      onOptionSubmit={(i) => {
        const option = shown[Number(i)];
        if (option) add([option.value]);
      }}
    >
      <Combobox.DropdownTarget>
        <PillsInput
          size="xs"
          variant="unstyled"
          className={style.listed}
          classNames={{ input: style.values }}
          error={fault['aria-invalid']}
          onClick={() => store.openDropdown()}
        >
          <Pill.Group gap={4}>
            {pills.map((v, i) => (
              <Pill
                key={`${typeof v} ${textOf(v)}`}
                className={style.pill}
                withRemoveButton
                removeButtonProps={{
                  'aria-label': `Remove ${textOf(v) || 'the empty text'}`,
                  tabIndex: 0,
                  'aria-hidden': false,
                }}
                onRemove={() => onChange(value.filter((_, j) => j !== i))}
              >
                {textOf(v) || 'an empty text'}
              </Pill>
            ))}
            {value.length > pills.length && (
              <Anchor component="button" type="button" size="xs" onClick={() => setAll(true)}>
                {count(value.length - pills.length, 'more', 'more')}
              </Anchor>
            )}
            <Combobox.EventsTarget withExpandedAttribute={shown.length > 0}>
              <PillsInput.Field
                {...fault}
                aria-label={label}
                value={text}
                placeholder={value.length === 0 ? 'values' : '+'}
                className={style.value}
                spellCheck={false}
                onFocus={() => search('')}
                onBlur={() => {
                  commit();
                  store.closeDropdown();
                }}
                onChange={(event) => {
                  setText(event.currentTarget.value);
                  search(event.currentTarget.value);
                  store.openDropdown();
                  store.resetSelectedOption();
                }}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' && store.getSelectedOptionIndex() < 0) {
                    event.preventDefault();
                    commit();
                  }
                  if (event.key === 'Backspace' && text === '' && value.length > 0) {
                    event.preventDefault();
                    onChange(value.slice(0, -1));
                  }
                }}
                onPaste={(event) => {
                  const lines = linesOf(event.clipboardData.getData('text'));
                  if (lines.length < 2) return;
                  event.preventDefault();
                  add(lines.map(read));
                }}
              />
            </Combobox.EventsTarget>
          </Pill.Group>
        </PillsInput>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown hidden={shown.length === 0} maw="min(90vw, 28rem)" miw="12rem">
        <Combobox.Options aria-label={label} mah="18rem" className={style.options}>
          {shown.map((option, i) => (
            <Combobox.Option key={JSON.stringify(option.value)} value={String(i)}>
              <Line label={option.label} hint={option.hint} />
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
