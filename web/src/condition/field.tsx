import { Combobox, useCombobox } from '@mantine/core';
import { type ComponentType, type InputHTMLAttributes, type ReactNode, useRef, useState } from 'react';
import { type Json, sameJson } from '../definition/condition';
import style from './condition.module.css';
import { type Change, textOf } from './edit';
import { useFault } from './fault';

/** One value of several that a field can take. */
export interface FieldOption {
  readonly value: Json;
  readonly label: string;
  /** How often it was seen and the like, at the end of the line. */
  readonly hint?: string;
}

interface FieldProps {
  label: string;
  /** The pointer of the value, for its faults. */
  at: string;
  /** The pointer of two values that are right or wrong together, of which this is one. */
  whole?: string;
  value: Json | undefined;
  onChange: Change<Json>;
  /** How the value stands in the field, and what a typed text means. Text itself if left out. */
  write?: (value: Json | undefined) => string;
  read?: (text: string, before: Json | undefined) => Json;
  options?: readonly FieldOption[];
  /** The field is typed in, or was opened: now options are wanted. */
  onSearch?: (text: string) => void;
  placeholder?: string;
  /** The options are all there are: what is none of them was never seen. */
  unseen?: boolean;
  /** Set in bold: the name that a condition is about. */
  name?: boolean;
  input?: InputHTMLAttributes<HTMLInputElement>;
  children?: ReactNode;
}

/**
 * A text field as wide as its text. The value is what stands in the field at every moment: what cannot be read is in the
 * definition as it was typed, and its fault is told. While one types, the text stays as typed.
 */
export function Field(props: FieldProps) {
  const {
    label,
    at,
    value,
    onChange,
    write = textOf,
    read = (text) => text,
    options,
    onSearch,
    placeholder,
    name,
    unseen,
  } = props;
  const [draft, setDraft] = useState<{ text: string; value: Json }>();
  const typed = useRef(false);
  const fault = useFault(at, props.whole);
  const text = draft && sameJson(draft.value, value ?? null) ? draft.text : write(value);
  const store = useCombobox({ onDropdownClose: () => store.resetSelectedOption() });

  const type = (next: string) => {
    const meant = read(next, value);
    setDraft({ text: next, value: meant });
    if (!sameJson(meant, value ?? null)) onChange(meant, typed.current);
    typed.current = true;
    onSearch?.(next);
    store.openDropdown();
    store.resetSelectedOption();
  };
  const leave = () => {
    setDraft(undefined);
    typed.current = false;
    store.closeDropdown();
  };
  const pick = (index: string) => {
    const option = shown[Number(index)];
    setDraft(undefined);
    typed.current = false;
    store.closeDropdown();
    if (option && !sameJson(option.value, value ?? null)) onChange(option.value);
  };

  const shown = options ? matching(options, draft ? text : '') : [];
  const strange = unseen && options && draft && text !== '' && !options.some((o) => sameJson(o.value, value ?? null));
  const field = (
    <input
      {...props.input}
      {...fault}
      className={style.field}
      data-name={name || undefined}
      style={{ '--length': Math.max(text.length, placeholder?.length ?? 0, 2) } as never}
      aria-label={label}
      value={text}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => type(event.currentTarget.value)}
      onFocus={(event) => event.currentTarget.select()}
      onBlur={leave}
      onClick={() => {
        onSearch?.('');
        store.openDropdown();
      }}
    />
  );
  if (!options) return field;
  return (
    <Combobox
      store={store}
      onOptionSubmit={pick}
      keepMounted={false}
      width="max-content"
      position="bottom-start"
      size="sm"
    >
      <Combobox.Target withExpandedAttribute={shown.length > 0}>{field}</Combobox.Target>
      <Combobox.Dropdown hidden={shown.length === 0 && !strange} maw="min(90vw, 28rem)" miw="12rem">
        <Combobox.Options aria-label={label} mah="18rem" className={style.options}>
          {shown.map((option, i) => (
            <Combobox.Option
              key={JSON.stringify(option.value)}
              value={String(i)}
              active={sameJson(option.value, value ?? null)}
            >
              <Line label={option.label} hint={option.hint} />
            </Combobox.Option>
          ))}
          {strange && <Combobox.Empty>Never seen so far</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** A line of a list of options. */
export function Line(props: { label: ReactNode; hint?: ReactNode; icon?: ComponentType<{ size?: number | string }> }) {
  return (
    <span className={style.option}>
      {props.icon && <props.icon size="1em" />}
      <span className={style.optionLabel}>{props.label}</span>
      {props.hint && <span className={style.hint}>{props.hint}</span>}
    </span>
  );
}

/** The options that have a text in them, those that begin with it first; at most as many as one looks through. */
export function matching(options: readonly FieldOption[], text: string): readonly FieldOption[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return options.slice(0, 50);
  const at = (o: FieldOption) => o.label.toLowerCase().indexOf(wanted);
  const found = options.filter((o) => at(o) >= 0);
  return [...found.filter((o) => at(o) === 0), ...found.filter((o) => at(o) > 0)].slice(0, 50);
}
