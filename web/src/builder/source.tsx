import { Alert, Button, Code, CopyButton, Group, Stack, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { ApiError } from '../api/client';
import { type Condition, isCondition, sameJson } from '../definition/condition';
import { parseExact } from '../definition/exact';
import { definitionOf, split } from '../definition/halves';
import { offsetOf, pointerPlace, syntaxFault, type TextPlace, textPlace } from '../definition/json_place';
import { hasMuted } from '../definition/tree';
import { formsQuery } from '../segments/api';
import { parse } from './api';
import classes from './builder.module.css';
import { type Editing, emptyHalves } from './draft';

type Form = 'text' | 'json';

interface Fault {
  message: string;
  place?: TextPlace;
  suggestion?: string;
}

const pause = 250; // milliseconds after the last key

/** The definition as text or JSON: what can be read becomes the rows, what cannot leaves them as they were. */
export function Source({
  form,
  workspace,
  editing,
  readOnly,
}: {
  form: Form;
  workspace: string;
  editing: Editing;
  readOnly: boolean;
}) {
  const { halves } = editing.draft;
  const definition = definitionOf(halves);
  const { written, fault, type } = useSource(form, workspace, editing, definition);
  const area = useRef<HTMLTextAreaElement>(null);
  const muted = hasMuted(halves.include) || hasMuted(halves.exclude);
  const goTo = (place: TextPlace) => {
    area.current?.focus();
    area.current?.setSelectionRange(place.offset, endOfWord(written, place.offset));
  };
  const repaired = fault?.suggestion && fault.place && replaceWord(written, fault.place.offset, fault.suggestion);
  return (
    <Stack gap="xs">
      <Textarea
        ref={area}
        label={form === 'text' ? 'The definition as text' : 'The definition as JSON'}
        description={
          form === 'text'
            ? 'Such as: plan is trial and did project_created at least 3 times in the last 14d'
            : 'As the API takes and gives it'
        }
        classNames={{ input: classes.source }}
        spellCheck={false}
        autosize
        minRows={6}
        maxRows={30}
        readOnly={readOnly}
        value={written}
        aria-invalid={fault !== undefined}
        onChange={(event) => type(event.currentTarget.value)}
      />
      {fault && (
        <Alert
          color="red"
          role="alert"
          p="sm"
          title={fault.place && `Line ${fault.place.line}, column ${fault.place.column}`}
        >
          <Stack gap={6} align="flex-start">
            <Text size="sm">{fault.message}</Text>
            {fault.place && <Excerpt text={written} place={fault.place} />}
            <Group gap="xs">
              {fault.place && (
                <Button size="compact-xs" variant="default" onClick={() => fault.place && goTo(fault.place)}>
                  Show me
                </Button>
              )}
              {repaired && (
                <Button size="compact-xs" variant="default" onClick={() => type(repaired)}>
                  Use {fault.suggestion}
                </Button>
              )}
            </Group>
            <Text size="xs" c="dimmed">
              The conditions and the count stay as they were until this can be read.
            </Text>
          </Stack>
        </Alert>
      )}
      {muted && (
        <Text size="sm" c="dimmed">
          What is muted does not stand here; a change made here takes it out.
        </Text>
      )}
      <Group>
        <CopyButton value={written}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  );
}

/** What is written, in step with the rows both ways. */
function useSource(form: Form, workspace: string, editing: Editing, definition: Condition | undefined) {
  const forms = useQuery(formsQuery(workspace, definition));
  const [typed, setTyped] = useState<{ text: string; reads?: Condition; fault?: Fault; pending: boolean }>();
  // What was typed stands as it was typed for as long as it says what the rows say, or cannot be read.
  const mine = typed && (typed.pending || typed.fault || sameDefinition(typed.reads, definition));
  const given =
    definition === undefined ? '' : form === 'text' ? (forms.data?.text ?? '') : JSON.stringify(definition, null, 2);
  const written = mine ? typed.text : given;

  const read = useEffectEvent(async (text: string, signal: AbortSignal) => {
    if (text.trim() === '') {
      editing.change((draft) => ({ ...draft, halves: emptyHalves() }), form);
      setTyped({ text, pending: false });
      return;
    }
    try {
      const reads = await readSource(form, text, signal);
      if (signal.aborted) return;
      setTyped({ text, reads, pending: false });
      if (!sameDefinition(reads, definition)) editing.change((draft) => ({ ...draft, halves: split(reads) }), form);
    } catch (error) {
      if (signal.aborted) return;
      setTyped({ text, fault: faultIn(form, text, error), pending: false });
    }
  });
  useEffect(() => {
    if (!typed?.pending) return;
    const stop = new AbortController();
    const timer = setTimeout(() => void read(typed.text, stop.signal), pause);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [typed]);

  // Undone, or changed by another: what was typed and could not be read is given up.
  const [before, setBefore] = useState(editing.draft.halves);
  if (before !== editing.draft.halves) {
    setBefore(editing.draft.halves);
    if (typed && !typed.pending && !sameDefinition(typed.reads, definition)) setTyped(undefined);
  }
  return {
    written,
    fault: typed?.fault,
    type: (text: string) => setTyped({ text, pending: true, fault: typed?.fault }),
  };
}

const sameDefinition = (a: Condition | undefined, b: Condition | undefined) =>
  a === b || (a !== undefined && b !== undefined && sameJson(a, b));

async function readSource(form: Form, text: string, signal: AbortSignal): Promise<Condition> {
  const asked = form === 'text' ? { text } : { definition: parseExact(text) };
  const { definition } = await parse(asked, signal);
  if (!isCondition(definition)) throw new TypeError('a definition is an object');
  return form === 'json' && isCondition(asked.definition) ? asked.definition : definition;
}

function faultIn(form: Form, text: string, error: unknown): Fault {
  if (error instanceof SyntaxError) return syntaxFault(text) ?? { message: error.message };
  if (!(error instanceof ApiError)) return { message: String(error) };
  const { detail, pointer = '', suggestion } = error.problem;
  if (form === 'json') {
    return { message: detail, suggestion, place: pointerPlace(text, pointer.replace(/^\/definition/, '')) };
  }
  const at = /^line (\d+), column (\d+): /.exec(detail);
  if (!at) return { message: detail };
  const place = textPlace(text, offsetOf(text, Number(at[1]), Number(at[2])));
  return { message: detail.slice(at[0].length), place, suggestion };
}

/** The line of a fault, with a mark under its place. */
function Excerpt({ text, place }: { text: string; place: TextPlace }) {
  const line = text.split('\n')[place.line - 1] ?? '';
  const from = Math.max(0, place.column - 40);
  return (
    <Code block className={classes.excerpt} aria-hidden>
      {`${line.slice(from, from + 80)}\n${' '.repeat(place.column - 1 - from)}^`}
    </Code>
  );
}

const word = /"(?:[^"\\]|\\.)*"|[\p{L}\p{N}_.@$-]+/uy;

function endOfWord(text: string, at: number): number {
  word.lastIndex = at;
  return word.exec(text) ? word.lastIndex : Math.min(at + 1, text.length);
}

function replaceWord(text: string, at: number, by: string): string {
  const end = endOfWord(text, at);
  const quoted = text[at] === '"' || !/^[\p{L}\p{N}_.@$-]+( [\p{L}\p{N}_.@$-]+)*$/u.test(by);
  return text.slice(0, at) + (quoted ? JSON.stringify(by) : by) + text.slice(end);
}
