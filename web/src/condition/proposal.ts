// What "+ condition" proposes: for the text typed, and for the kind chosen.
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { count } from '../app/format';
import type { Condition } from '../definition/condition';
import { notUnderstood, segmentsQuery, textQuery, useName, useNames, useWorkspace } from './api';
import { type FieldOption, matching } from './field';
import type { Kind } from './kind';
import { kinds } from './kind';
import { patterns, say, seen } from './name';
import { startAttribute, startSample, startSequence } from './start';
import { actions, platforms } from './words';

export interface Proposal {
  readonly key: string;
  readonly group?: string;
  readonly label: string;
  readonly hint?: string;
  readonly icon?: Kind['icon'];
  /** What is added; or the kind that is asked about next. */
  readonly add?: Condition;
  readonly kind?: Kind;
  /** It was written out, and there is nothing to fill in. */
  readonly typed?: true;
}

/** The proposals, and why a typed text is no condition yet. */
export function useProposals(text: string, kind: Kind | undefined): { proposals: Proposal[]; fault?: string } {
  const typed = text.trim();
  const [settled] = useDebouncedValue(typed, 150);
  const workspace = useWorkspace();
  const parsed = useQuery({ ...textQuery(workspace, settled), enabled: settled !== '' && !kind });
  const events = useNames({ kind: 'event' }, settled).names;
  const about = parsed.data && settled === typed ? parsed.data.definition.event : undefined;
  const named = useName({ kind: 'event' }, typeof about === 'string' ? about : '');
  const unseen = typeof about === 'string' && about !== '*' && !named;
  const attributes = useNames({ kind: 'attribute' }, settled).names;
  const pages = useNames(kind?.kind === 'page' ? { kind: 'page' } : undefined).names;
  const screens = useNames(kind?.kind === 'screen' ? { kind: 'screen' } : undefined).names;
  const segments = useQuery({ ...segmentsQuery(workspace), enabled: kind?.kind === 'segment' }).data ?? [];

  const ofEvents = () =>
    options(events.map((n) => ({ value: n.name, label: n.name, hint: seen(n) }))).map(
      (o): Proposal => ({ ...o, add: { event: o.value } }),
    );
  const ofAttributes = () =>
    options(attributes.map((n) => ({ value: n.name, label: say(n.name), hint: seen(n) }))).map(
      (o): Proposal => ({
        ...o,
        add: startAttribute(
          o.value,
          attributes.find((n) => n.name === o.value),
        ),
      }),
    );
  const options = (of: readonly FieldOption[]) =>
    matching(of, typed).map((o) => ({ key: String(o.value), label: o.label, hint: o.hint, value: String(o.value) }));
  const fixed = (of: readonly { label: string; hint?: string; add: Condition }[]) =>
    of
      .filter(({ label }) => label.toLowerCase().includes(typed.toLowerCase()))
      .map((p): Proposal => ({ ...p, key: p.label }));
  /** What was typed itself, where it was never seen. */
  const itself = (of: readonly Proposal[], add: Condition): Proposal[] =>
    typed === '' || of.some((p) => p.label === typed) ? [] : [{ key: 'itself', label: typed, hint: 'as typed', add }];

  switch (kind?.kind) {
    case 'event': {
      const of = ofEvents();
      const any: Proposal = {
        key: '*',
        label: 'any activity',
        add: { event: '*', days: { at_least: 2 }, when: { last: '30d' } },
      };
      return { proposals: [...of, ...(typed ? [] : [any]), ...itself(of, { event: typed })] };
    }
    case 'attribute': {
      const of = ofAttributes();
      return { proposals: [...of, ...itself(of, startAttribute(typed))] };
    }
    case 'page':
    case 'screen': {
      const subject = kind.kind;
      const seenOf = subject === 'page' ? patterns(pages) : patterns(screens);
      const of = options(seenOf).map((o): Proposal => ({ ...o, add: { [subject]: o.value } }));
      const any: Proposal = { key: '*', label: `any ${subject}`, add: { [subject]: '*' } };
      return { proposals: [...of, ...(typed ? [] : [any]), ...itself(of, { [subject]: typed })] };
    }
    case 'message':
      return {
        proposals: fixed(
          actions.map((a) => ({ label: `${a.words} an email`, add: { message: 'email', action: a.value } })),
        ),
      };
    case 'device':
      return { proposals: fixed(platforms.map((p) => ({ label: p.words, add: { device: p.value } }))) };
    case 'segment':
      return {
        proposals: fixed(
          segments.map((s) => ({
            label: s.name,
            hint: typeof s.count === 'number' ? count(s.count, 'person', 'people') : undefined,
            add: { segment: s.key },
          })),
        ),
      };
  }

  const list: Proposal[] = [];
  const asTyped: Proposal[] =
    typed !== '' && parsed.data && settled === typed
      ? [
          {
            key: 'text',
            group: 'As typed',
            label: parsed.data.sentence,
            ...(unseen && { hint: `${about} was never received` }),
            add: parsed.data.definition,
            typed: true,
          },
        ]
      : [];
  // What names an event that was never received stands behind those that were: it is chosen, not slipped into.
  const meant: Proposal[] =
    unseen && parsed.data
      ? events
          .filter((e) => e.name.toLowerCase().includes(about.toLowerCase()))
          .slice(0, 4)
          .map(({ name }) => ({
            key: `meant ${name}`,
            group: 'Did you mean',
            label: parsed.data.sentence.replace(about, name),
            add: { ...parsed.data.definition, event: name },
            typed: true,
          }))
      : [];
  list.push(...(unseen ? meant : asTyped));
  const ofKinds = kinds
    .filter((k) => `${k.name} ${k.about}`.toLowerCase().includes(typed.toLowerCase()))
    .map((k): Proposal => {
      const base = { key: k.kind, group: 'What it is about', label: k.name, hint: k.about, icon: k.icon };
      if (k.kind === 'sequence') return { ...base, add: startSequence(events) };
      return k.kind === 'sample' ? { ...base, add: startSample } : { ...base, kind: k };
    });
  const some = (group: string, of: Proposal[], most: number) =>
    list.push(...of.slice(0, most).map((p) => ({ ...p, key: `${group} ${p.key}`, group })));
  if (typed === '') list.push(...ofKinds);
  some(typed ? 'Events' : 'Events seen most', ofEvents(), typed ? 8 : 4);
  some(typed ? 'Attributes' : 'Attributes seen most', ofAttributes(), typed ? 8 : 4);
  if (unseen) list.push(...asTyped);
  if (typed !== '') list.push(...ofKinds);
  return {
    proposals: list,
    fault: parsed.isError && settled === typed ? notUnderstood(parsed.error) : undefined,
  };
}
