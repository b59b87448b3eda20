import { expect, test } from 'vitest';
import { type Branch, type ExplainedNode, nest } from './nest';

const node = (pointer: string): ExplainedNode => ({
  pointer,
  sentence: '',
  matched: true,
  actual: '',
  wanted: '',
  evidence: [],
  since: null,
  next_change: null,
});

const drawn = (branches: readonly Branch[], depth = 0): string[] =>
  branches.flatMap((b) => [
    `${'  '.repeat(depth)}${b.node.pointer}${b.excludes ? ' excludes' : ''}`,
    ...drawn(b.children, depth + 1),
  ]);

test('nodes in document order become a tree that knows what excludes', () => {
  const pointers = ['', '/all/0', '/all/1', '/all/1/any/0', '/all/1/any/1', '/all/10', '/all/2', '/all/2/none/0'];
  expect(drawn(nest([...pointers, '/all/2/none/1', '/all/2/none/1/not', '/all/3'].map(node)))).toEqual([
    '',
    '  /all/0',
    '  /all/1',
    '    /all/1/any/0',
    '    /all/1/any/1',
    '  /all/10',
    '  /all/2',
    '    /all/2/none/0 excludes',
    '    /all/2/none/1 excludes',
    '      /all/2/none/1/not',
    '  /all/3',
  ]);
});

test('a single condition is a tree of one', () => {
  expect(drawn(nest([node('')]))).toEqual(['']);
  expect(nest([])).toEqual([]);
});
