// The steps of a campaign as a person draws them: one after the other, and ways that part. In the definition each step
// names the one that follows; here the ways are laid out, each step once, where it is first come to.
import type { Step } from './api';

/** A way through steps. Where it goes on at a step that is shown elsewhere, joins names that step. */
export interface Way {
  steps: Shown[];
  joins?: string;
}

export interface Shown {
  step: Step;
  /** The ways that begin at a step that parts them: label, and where in the step the way is named. */
  ways: { label: string; slot: Slot; way: Way }[];
}

/** Where a step names another: next, else, or the next of a branch. */
export type Slot = 'next' | 'else' | number;

/** Lays the steps out from the first on. What no way leads to comes as ways of its own, so that nothing is hidden. */
export function layOut(steps: readonly Step[]): { main: Way; loose: Way[] } {
  const byId = new Map(steps.map((s) => [s.id, s]));
  const seen = new Set<string>();
  const follow = (from: string | undefined): Way => {
    const way: Way = { steps: [] };
    for (let id = from; id; ) {
      const step = byId.get(id);
      if (!step) return way;
      if (seen.has(id)) return { ...way, joins: id };
      seen.add(id);
      const shown: Shown = { step, ways: [] };
      way.steps.push(shown);
      if (parts(step)) {
        shown.ways = slotsOf(step).map(({ slot, label }) => ({ label, slot, way: follow(target(step, slot)) }));
        return way;
      }
      id = step.next ?? '';
    }
    return way;
  };
  const main = follow(steps[0]?.id);
  const loose: Way[] = [];
  for (const s of steps) if (!seen.has(s.id)) loose.push(follow(s.id));
  return { main, loose };
}

/** Whether a step has more than one way out. */
export const parts = (s: Step) => s.kind === 'branch' || (s.kind === 'wait_until' && Boolean(s.event));

/** The ways out of a step that parts them, in the order shown. */
export function slotsOf(s: Step): { slot: Slot; label: string }[] {
  if (s.kind === 'wait_until') {
    return [
      { slot: 'next', label: `${s.event} came` },
      { slot: 'else', label: s.timeout ? `not within ${s.timeout}` : 'it did not come' },
    ];
  }
  const random = s.branches?.some((b) => b.percent);
  const ways: { slot: Slot; label: string }[] = (s.branches ?? []).map((b, i) => ({
    slot: i,
    label: random ? `${b.percent ?? 0} %` : `if ${i + 1}`,
  }));
  return random ? ways : [...ways, { slot: 'else', label: 'everybody else' }];
}

export function target(s: Step, slot: Slot): string | undefined {
  if (slot === 'next') return s.next;
  if (slot === 'else') return s.else;
  return s.branches?.[slot]?.next;
}

function aimed(s: Step, slot: Slot, to: string | undefined): Step {
  const next = to || undefined;
  if (slot === 'next') return { ...s, next };
  if (slot === 'else') return { ...s, else: next };
  return { ...s, branches: s.branches?.map((b, i) => (i === slot ? { ...b, next } : b)) };
}

/** An id that no step has: the kind, and a number from the second of it on. */
export function freeId(steps: readonly Step[], kind: string): string {
  const base = kind.replace('_', '-');
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!steps.some((s) => s.id === id)) return id;
  }
}

/** Puts a step in at a place: behind a slot of a step, or at the very beginning. What stood there follows it. */
export function insert(steps: readonly Step[], at: { after?: string; slot: Slot }, made: Step): Step[] {
  if (!at.after) return [{ ...lead(made, steps[0]?.id) }, ...steps];
  const from = steps.find((s) => s.id === at.after);
  if (!from) return [...steps];
  const followed = lead(made, target(from, at.slot));
  const i = steps.indexOf(from);
  return [...steps.slice(0, i), aimed(from, at.slot, made.id), followed, ...steps.slice(i + 1)];
}

/** The step with what followed behind its first way out; an exit has none. */
function lead(s: Step, to: string | undefined): Step {
  if (s.kind === 'exit') return s;
  const slot = parts(s) ? (slotsOf(s)[0]?.slot ?? 'next') : 'next';
  return aimed(s, slot, to);
}

/** Takes a step out: whoever led to it leads to what followed it (behind its first way out). */
export function remove(steps: readonly Step[], id: string): Step[] {
  const gone = steps.find((s) => s.id === id);
  if (!gone) return [...steps];
  const slot = parts(gone) ? (slotsOf(gone)[0]?.slot ?? 'next') : 'next';
  const to = gone.kind === 'exit' ? undefined : target(gone, slot);
  const follows = to === id ? undefined : to;
  const left = steps
    .filter((s) => s.id !== id)
    .map((s) => {
      let changed = s;
      for (const one of ['next', 'else', ...(s.branches ?? []).map((_, i) => i)] as Slot[]) {
        if (target(changed, one) === id) changed = aimed(changed, one, follows);
      }
      return changed;
    });
  // The first step is where people begin: when it goes, the one that followed it comes first.
  if (steps[0]?.id !== id || !follows) return left;
  const first = left.find((s) => s.id === follows);
  return first ? [first, ...left.filter((s) => s !== first)] : left;
}

export const change = (steps: readonly Step[], id: string, edit: Partial<Step>): Step[] =>
  steps.map((s) => (s.id === id ? { ...s, ...edit } : s));
