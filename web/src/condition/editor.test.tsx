import { readFileSync } from 'node:fs';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import fc from 'fast-check';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import type { Condition, Json } from '../definition/condition';
import { leaf } from './arbitrary';
import { covered } from './cover';
import { durationWords } from './duration';
import { isObject } from './edit';
import { readMoment } from './moment';

vi.stubGlobal('location', { origin: 'http://127.0.0.1' });
const { ConditionEditor } = await import('./editor');

let current: ReactNode;
const root = createRootRoute({ component: () => current });
const router = createRouter({ routeTree: root, history: createMemoryHistory() });
await router.load();

/** What the editor shows of a condition, before anything is known from the server. Nothing may be changed by showing it. */
function shown(condition: Condition): string {
  current = <ConditionEditor label="condition" condition={condition} onChange={() => expect.unreachable()} />;
  const markup = renderToStaticMarkup(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return markup
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** Every text and number that a definition writes freely, with where it stands. */
function* free(value: Json, path = ''): Generator<[string, string | number]> {
  if (Array.isArray(value)) for (const [i, x] of value.entries()) yield* free(x, `${path}/${i}`);
  else if (isObject(value)) for (const [key, x] of Object.entries(value)) yield* free(x, `${path}/${key}`);
  else if (typeof value === 'string' || typeof value === 'number') yield [path, value];
}

/** The ways in which a value can stand in the editor. */
const written = (value: string | number) => [
  String(value),
  durationWords(value),
  readMoment(value, 'UTC')?.local ?? String(value),
];

test('every condition of the language is shown by a form, whole, and is not changed by it', () => {
  fc.assert(
    fc.property(leaf, (condition) => {
      const before = structuredClone(condition);
      expect(covered(condition)).toBe(true);
      const markup = shown(condition);
      expect(condition).toEqual(before);
      for (const [path, value] of free(condition)) {
        if (/\/(op|action|message|device|this|previous)$/.test(path) || value === '*') continue; // in words
        if (path.endsWith('/exactly') && value === 0) continue; // never
        if (/\/value\/[2-9]\d$/.test(path)) continue; // behind "more"
        expect(
          written(value).some((text) => markup.includes(text)) ? '' : `${path} of ${JSON.stringify(condition)}`,
        ).toBe('');
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 20_000 },
  );
}, 60_000);

/** The conditions of a definition that the builder hands to the editor. */
function leaves(condition: Condition): Condition[] {
  const group = condition.all ?? condition.any ?? condition.none;
  if (Array.isArray(group)) return (group as Condition[]).flatMap(leaves);
  if (isObject(condition.not) && !('segment' in condition.not)) return leaves(condition.not);
  return [condition];
}

test('every definition of the documentation is shown by forms', () => {
  const page = readFileSync(new URL('../../../docs/segment-language.md', import.meta.url), 'utf8');
  const definitions = [...page.matchAll(/^```json\n(.*?)^```/gms)].map((m) => JSON.parse(m[1] as string) as Condition);
  expect(definitions.length).toBeGreaterThan(10);
  for (const definition of definitions)
    for (const condition of leaves(definition)) expect(covered(condition), JSON.stringify(condition)).toBe(true);
});

test.each<[string, Condition]>([
  ['a key that no form has', { attribute: 'plan', op: 'is', value: 'pro', note: 'x' }],
  ['a value that is no scalar', { attribute: 'plan', op: 'is', value: { a: 1 } }],
  ['two measures', { event: 'x', count: { at_least: 1 }, days: { at_least: 1 } }],
  ['two comparisons', { event: 'x', count: { at_least: 1, at_most: 3 } }],
  ['an operator that there is not', { attribute: 'plan', op: 'equals', value: 'pro' }],
  ['a window of two kinds', { event: 'x', when: { last: '7d', this: 'week' } }],
  ['a not that is not last', { sequence: [{ not: { event: 'x' } }, { event: 'y' }], within: '1d' }],
  ['false where only true says something', { attribute: 'plan', op: 'is', value: 'x', match_case: false }],
])('%s is left to the text', (_, condition) => {
  expect(covered(condition)).toBe(false);
});
