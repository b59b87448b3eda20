import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Condition, sameJson } from './condition';
import { definitionOf, edit as editHalves, join, split } from './halves';
import { begin, push, redo, undo } from './history';
import { notesByNode, placeOf } from './place';
import { fromSketch, toSketch } from './sketch';
import * as tree from './tree';

const leaves = fc.oneof(
  fc.record({
    attribute: fc.string({ minLength: 1 }),
    op: fc.constantFrom('is', 'is_not', 'exists'),
    value: fc.oneof(fc.string(), fc.integer(), fc.boolean()),
  }),
  fc.record({
    event: fc.string({ minLength: 1 }),
    count: fc.record({ at_least: fc.nat() }),
    where: fc.constant({ all: [{ property: 'x', op: 'exists' }] }),
  }),
  fc.record({ segment: fc.string({ minLength: 1 }) }),
  fc.constant({ sequence: [{ event: 'A' }, { not: { event: 'B' } }], within: '7d' }),
);

/** Random definitions, groups of every kind inside each other. */
const definitions: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaves as fc.Arbitrary<Condition>,
    ...(['all', 'any', 'none'] as const).map((q) =>
      fc.array(tie('node'), { minLength: 1, maxLength: 4 }).map((of) => ({ [q]: of }) as Condition),
    ),
    tie('node').map((not) => ({ not }) as Condition),
  ),
})).node;

const all = (node: tree.Node): tree.Node[] => [node, ...tree.childrenOf(node).flatMap(all)];
const leafCount = (node: tree.Node) => all(node).filter((n) => n.kind === 'leaf').length;

describe('a definition', () => {
  test('comes out of the tree as it went in', () => {
    fc.assert(
      fc.property(definitions, (d) => {
        expect(tree.toDefinition(tree.fromDefinition(d))).toEqual(d);
      }),
      { numRuns: 1000 },
    );
  });

  test('comes out of the boxes as it went in', () => {
    fc.assert(
      fc.property(definitions, (d) => {
        expect(definitionOf(split(d))).toEqual(d);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    [{ all: [{ segment: 'a' }, { none: [{ segment: 'x' }, { segment: 'y' }] }] }, 'all', 1, 'any', 2],
    [{ all: [{ any: [{ segment: 'a' }, { segment: 'b' }] }, { none: [{ segment: 'x' }] }] }, 'any', 2, 'any', 1],
    [{ all: [{ segment: 'a' }, { not: { all: [{ segment: 'x' }, { segment: 'y' }] } }] }, 'all', 1, 'all', 2],
    [{ none: [{ segment: 'x' }] }, 'all', 0, 'any', 1],
    [{ segment: 'a' }, 'all', 1, 'any', 0],
  ] as const)('%j falls into its boxes', (d, include, included, exclude, excluded) => {
    const halves = split(d as unknown as Condition);
    expect([
      halves.include.quantifier,
      halves.include.children.length,
      halves.exclude.quantifier,
      halves.exclude.children.length,
    ]).toEqual([include, included, exclude, excluded]);
  });

  test('has a pointer for each of its nodes', () => {
    fc.assert(
      fc.property(definitions, (d) => {
        const root = tree.fromDefinition(d);
        const at = tree.pointers(root);
        for (const node of all(root)) {
          const value = (at.get(node.id) ?? 'missing')
            .split('/')
            .slice(1)
            .reduce<unknown>((v, key) => (v as Record<string, unknown>)[key], d);
          expect(value).toEqual(tree.toDefinition(node));
        }
      }),
    );
  });
});

/** Random edits, each by numbers that choose among what is there. */
const edits = fc.array(fc.tuple(fc.nat(8), fc.nat(), fc.nat(), fc.nat()), { maxLength: 30 });

function edit(root: tree.Node, [what, a, b, c]: readonly [number, number, number, number]): tree.Node {
  const nodes = all(root);
  const pick = (n: number) => nodes[n % nodes.length] as tree.Node;
  switch (what) {
    case 0:
      return tree.move(root, pick(a).id, pick(b).id, c % 5);
    case 1:
      return tree.step(root, pick(a).id, c % 2 ? 1 : -1);
    case 2:
      return tree.wrap(root, pick(a).id, 'any');
    case 3:
      return tree.unwrap(root, pick(a).id);
    case 4:
      return tree.mute(root, pick(a).id, c % 2 === 0);
    case 5:
      return tree.setQuantifier(root, pick(a).id, 'none');
    case 6:
      return tree.duplicate(root, pick(a).id);
    case 7:
      return tree.insert(root, pick(a).id, c % 5, tree.leaf({ segment: 'new' }));
    default:
      return tree.remove(root, pick(a).id);
  }
}

describe('edits', () => {
  test('keep ids unique and trees whole, and moving loses nothing', () => {
    fc.assert(
      fc.property(definitions, edits, (d, es) => {
        let root = tree.fromDefinition(d);
        for (const e of es) {
          const before = root;
          root = edit(root, e);
          const ids = all(root).map((n) => n.id);
          expect(new Set(ids).size).toBe(ids.length);
          if (e[0] <= 5) expect(leafCount(root)).toBe(leafCount(before));
          const definition = tree.toDefinition(root);
          if (
            definition &&
            !tree.hasMuted(root) &&
            all(root).every((n) => n.kind !== 'group' || n.children.length > 0)
          ) {
            expect(tree.toDefinition(tree.fromDefinition(definition))).toEqual(definition);
          }
        }
      }),
    );
  });

  test('can be undone, all of them, and done again', () => {
    fc.assert(
      fc.property(definitions, edits, (d, es) => {
        let history = begin(tree.fromDefinition(d));
        const states = [history.now];
        for (const e of es) {
          const next = edit(history.now, e);
          if (next !== history.now) states.push(next);
          history = push(history, next);
        }
        for (const state of states.toReversed()) {
          expect(history.now).toBe(state);
          history = undo(history);
        }
        expect(history.now).toBe(states[0]);
        for (const state of states) {
          expect(history.now).toBe(state);
          history = redo(history);
        }
      }),
    );
  });

  test('a step down goes into the next group, and out of it at its end', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((segment) => tree.leaf({ segment })) as [tree.Node, tree.Node, tree.Node];
    let root: tree.Node = tree.group('all', [a, tree.group('any', [b]), c]);
    const seen: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      root = tree.step(root, a.id, 1);
      seen.push(tree.toDefinition(root));
    }
    const s = (segment: string) => ({ segment });
    expect(seen).toEqual([
      { all: [{ any: [s('a'), s('b')] }, s('c')] },
      { all: [{ any: [s('b'), s('a')] }, s('c')] },
      { all: [{ any: [s('b')] }, s('a'), s('c')] },
      { all: [{ any: [s('b')] }, s('c'), s('a')] },
      { all: [{ any: [s('b')] }, s('c'), s('a')] },
    ]);
  });

  test('what is muted is not counted, and has no pointer', () => {
    const [a, b] = [tree.leaf({ segment: 'a' }), tree.leaf({ segment: 'b' })];
    const root = tree.mute(tree.group('all', [a, b]), a.id, true);
    expect(tree.toDefinition(root)).toEqual({ all: [{ segment: 'b' }] });
    expect(tree.pointers(root).get(b.id)).toBe('/all/0');
    expect(tree.pointers(root).has(a.id)).toBe(false);
    expect(tree.hasMuted(root)).toBe(true);
    expect(tree.hasMuted(tree.mute(root, a.id, false))).toBe(false);
  });

  test('in the two boxes lose no condition, and only move it from one to the other', () => {
    const leaves = (g: tree.Node) => leafCount(g);
    fc.assert(
      fc.property(definitions, fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 30 }), (d, steps) => {
        let halves = split(d);
        const whole = leaves(halves.include) + leaves(halves.exclude);
        for (const [n, down] of steps) {
          const nodes = [...all(halves.include), ...all(halves.exclude)];
          const { id } = nodes[n % nodes.length] as tree.Node;
          halves = editHalves(halves, (both) => tree.step(both, id, down ? 1 : -1));
          expect(halves.include.kind).toBe('group');
          expect(leaves(halves.include) + leaves(halves.exclude)).toBe(whole);
        }
      }),
    );
  });

  test('a row that steps out of a box stands first or last in the other', () => {
    const d: Condition = { all: [{ segment: 'a' }, { none: [{ segment: 'x' }] }] };
    const halves = split(d);
    const { id } = halves.include.children[0] as tree.Node;
    const down = editHalves(halves, (both) => tree.step(both, id, 1));
    expect(definitionOf(down)).toEqual({ none: [{ segment: 'a' }, { segment: 'x' }] });
    expect(definitionOf(editHalves(down, (both) => tree.step(both, id, -1)))).toEqual(d);
    expect(editHalves(halves, (both) => tree.step(both, id, -1))).toBe(halves);
  });

  test('what is muted is counted again or taken out, and nothing else changes', () => {
    fc.assert(
      fc.property(definitions, edits, (d, es) => {
        let root: tree.Node = tree.group('all', [tree.fromDefinition(d)]);
        for (const [, a, , c] of es) {
          const { id } = all(root)[a % all(root).length] as tree.Node;
          if (id !== root.id) root = tree.mute(root, id, c % 2 === 0);
        }
        const counted = tree.settleMuted(root, true);
        expect(tree.hasMuted(counted)).toBe(false);
        expect(tree.toDefinition(counted)).toEqual({ all: [d] });
        const out = tree.settleMuted(root, false);
        expect(tree.hasMuted(out)).toBe(false);
        expect(tree.toDefinition(out)).toEqual(tree.toDefinition(root));
      }),
    );
  });

  test('the opposite of the opposite is the same', () => {
    const a = tree.leaf({ segment: 'a' });
    const root = tree.group('all', [a]);
    const not = tree.oppose(root, a.id);
    expect(tree.toDefinition(not)).toEqual({ all: [{ not: { segment: 'a' } }] });
    const [outer] = tree.childrenOf(not) as [tree.Node];
    expect(tree.oppose(not, outer.id)).toEqual(root);
  });

  test('an empty pair of boxes is no definition', () => {
    expect(join({ include: tree.group('all'), exclude: tree.group('any'), bare: false })).toBeUndefined();
  });
});

describe('a sketch', () => {
  test('keeps what is muted and what is empty', () => {
    fc.assert(
      fc.property(definitions, edits, (d, es) => {
        const root = es.reduce(edit, tree.fromDefinition(d));
        const again = fromSketch(JSON.parse(JSON.stringify(toSketch(root))));
        expect(plain(again)).toEqual(plain(root));
      }),
    );
  });
});

/** A tree without its ids. */
const plain = (node: tree.Node): unknown =>
  JSON.parse(JSON.stringify(node, (key, x) => (key === 'id' ? undefined : x)));

describe('a pointer of the server', () => {
  test('leads to the row that it lies in', () => {
    fc.assert(
      fc.property(definitions, (d) => {
        const root = tree.fromDefinition(d);
        for (const [id, pointer] of tree.pointers(root)) {
          expect(placeOf(root, pointer)).toEqual({ id, rest: '' });
          if (tree.find(root, id)?.kind === 'leaf')
            expect(placeOf(root, `${pointer}/value/0`)).toEqual({ id, rest: '/value/0' });
        }
      }),
    );
  });

  test('from elsewhere leads to the root', () => {
    const root = tree.fromDefinition({ all: [{ segment: 'a' }] });
    const note = { code: 'x', pointer: '/any/7', message: 'm' };
    expect(notesByNode(root, [note, { ...note, pointer: '' }]).get(root.id)).toHaveLength(2);
  });
});

test('JSON is the same whatever the order of its keys', () => {
  expect(sameJson({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  for (const [x, y] of [
    [{ a: 1 }, { a: 1, b: 1 }],
    [[1], { 0: 1 }],
    [null, {}],
    [
      [1, 2],
      [2, 1],
    ],
    ['1', 1],
  ] as const) {
    expect(sameJson(x as never, y as never)).toBe(false);
  }
});
