import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from './api';
import { freeId, insert, layOut, parts, remove, slotsOf, target, type Way } from './flow';

const kinds = ['send', 'wait', 'branch', 'wait_until', 'update', 'exit'] as const;

function fresh(steps: readonly Step[], kind: (typeof kinds)[number]): Step {
  const id = freeId(steps, kind);
  if (kind === 'branch')
    return {
      id,
      kind,
      branches: [{ if: { attribute: 'a', op: 'is', value: 1 } }, { if: { attribute: 'b', op: 'is', value: 1 } }],
    };
  if (kind === 'wait_until') return { id, kind, event: 'purchase', timeout: '3d' };
  return { id, kind };
}

/** Steps made by putting in and taking out at random. */
const built = fc
  .array(fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(), slot: fc.nat(), out: fc.nat({ max: 5 }) }), {
    maxLength: 25,
  })
  .map((edits) => {
    let steps: Step[] = [];
    for (const e of edits) {
      const after = steps[e.at % (steps.length + 1)];
      if (after?.kind === 'exit') continue;
      const slots = after && parts(after) ? slotsOf(after) : [{ slot: 'next' as const }];
      steps = insert(
        steps,
        { after: after?.id, slot: slots[e.slot % slots.length]?.slot ?? 'next' },
        fresh(steps, e.kind),
      );
      if (e.out === 0) steps = remove(steps, steps[e.at % steps.length]?.id ?? '');
    }
    return steps;
  });

const idsOf = (way: Way): string[] => way.steps.flatMap((s) => [s.step.id, ...s.ways.flatMap((w) => idsOf(w.way))]);

describe('the steps as a drawing', () => {
  it('shows every step exactly once', () => {
    fc.assert(
      fc.property(built, (steps) => {
        const { main, loose } = layOut(steps);
        expect([...idsOf(main), ...loose.flatMap(idsOf)].sort()).toEqual(steps.map((s) => s.id).sort());
      }),
    );
  });

  it('leads nowhere but to steps that are there', () => {
    fc.assert(
      fc.property(built, (steps) => {
        const ids = new Set(steps.map((s) => s.id));
        for (const s of steps) {
          for (const slot of ['next', 'else', 0, 1] as const) {
            const to = target(s, slot);
            if (to) expect(ids.has(to)).toBe(true);
          }
        }
      }),
    );
  });

  it('is as before when what was put in is taken out', () => {
    fc.assert(
      fc.property(built, fc.nat(), fc.constantFrom('send', 'wait', 'branch', 'wait_until'), (steps, at, kind) => {
        const after = steps.length ? steps[at % steps.length] : undefined;
        if (after?.kind === 'exit') return;
        const slot = after && parts(after) ? (slotsOf(after)[0]?.slot ?? 'next') : 'next';
        const made = fresh(steps, kind as 'send');
        expect(clean(remove(insert(steps, { after: after?.id, slot }, made), made.id))).toEqual(clean(steps));
      }),
    );
  });

  it('goes on where ways meet again', () => {
    const steps: Step[] = [
      {
        id: 'b',
        kind: 'branch',
        branches: [
          { percent: 50, next: 'x' },
          { percent: 50, next: 'y' },
        ],
      },
      { id: 'x', kind: 'wait', for: '1d', next: 'z' },
      { id: 'y', kind: 'wait', for: '2d', next: 'z' },
      { id: 'z', kind: 'send', template: 't' },
    ];
    const { main, loose } = layOut(steps);
    expect(loose).toEqual([]);
    expect(main.steps[0]?.ways.map((w) => [w.label, idsOf(w.way), w.way.joins])).toEqual([
      ['50 %', ['x', 'z'], undefined],
      ['50 %', ['y'], 'z'],
    ]);
  });
});

/** Without the fields that are there but empty. */
const clean = (steps: Step[]) => JSON.parse(JSON.stringify(steps));
