import { Code, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { count, moment, number, useZone } from './format';
import { momentOf, visible } from './reading';
import classes from './value.module.css';

const shown = 240; // characters before the rest is folded

/**
 * A value of an attribute or a property, as its type asks for: it may be anything that anybody sent, of any size and
 * in any script, so it is isolated from the direction of the text around it, breaks anywhere and folds what is long.
 */
export function Value({ value, name = '' }: { value: unknown; name?: string }) {
  const zone = useZone();
  if (value === null || value === undefined) return <Text span c="dimmed" inherit>{`—`}</Text>;
  if (typeof value === 'boolean') return <span className={classes.value}>{value ? 'yes' : 'no'}</span>;
  if (typeof value === 'number') {
    const at = momentOf(value, name);
    return at === undefined ? (
      <Raw raw={String(value)} text={number(value)} />
    ) : (
      <Raw raw={String(value)} text={moment(at, zone)} />
    );
  }
  if (typeof value === 'string') {
    const at = momentOf(value, name);
    return at === undefined ? <Long text={value} /> : <Raw raw={value} text={moment(at, zone)} />;
  }
  return <Folded value={value} />;
}

/** A value written for people, with what was received on hover and on focus. */
function Raw({ raw, text }: { raw: string; text: string }) {
  if (raw === text) return <span className={classes.value}>{text}</span>;
  return (
    <Tooltip label={raw} maw={360} multiline>
      <span className={classes.value} title={raw}>
        {text}
      </span>
    </Tooltip>
  );
}

function Long({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  if (text === '') return <Text span c="dimmed" inherit>{`empty text`}</Text>;
  if (text.length <= shown) return <bdi className={classes.value}>{visible(text)}</bdi>;
  return (
    <span>
      <bdi className={classes.value}>{visible(open ? text : `${beginning(text)}…`)}</bdi>{' '}
      <UnstyledButton className={classes.more} onClick={() => setOpen(!open)} aria-expanded={open}>
        {open ? 'Less' : `All ${count(text.length, 'character', 'characters')}`}
      </UnstyledButton>
    </span>
  );
}

/** The beginning of a text, no character of it halved. */
const beginning = (text: string) => text.slice(0, shown).replace(/[\ud800-\udbff]$/, '');

function Folded({ value }: { value: object }) {
  const [open, setOpen] = useState(false);
  const list = Array.isArray(value);
  const size = list ? value.length : Object.keys(value).length;
  const inline = JSON.stringify(value);
  if (list && inline.length <= 60 && value.every((item) => typeof item !== 'object')) {
    return <bdi className={classes.value}>{value.map((item) => visible(String(item))).join(', ') || 'empty list'}</bdi>;
  }
  return (
    <span>
      <UnstyledButton className={classes.more} onClick={() => setOpen(!open)} aria-expanded={open}>
        {list ? `List of ${count(size, 'item', 'items')}` : count(size, 'field', 'fields')}
      </UnstyledButton>
      {open && (
        <Code block className={classes.json} dir="ltr" tabIndex={0}>
          {visible(JSON.stringify(value, null, 2))}
        </Code>
      )}
    </span>
  );
}
