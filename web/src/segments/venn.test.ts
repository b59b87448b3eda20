import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distance, layOut, lens, middles } from './venn';

const radius = (area: number) => Math.sqrt(area / Math.PI);

describe('circles to scale', () => {
  it('share what they should, in any pair', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (a, b, part) => {
          const shared = Math.min(a, b) * part;
          const d = distance(radius(a), radius(b), shared);
          expect(lens(radius(a), radius(b), d)).toBeCloseTo(shared, -Math.floor(Math.log10(Math.max(a, b))) + 4);
        },
      ),
    );
  });

  it('stand apart when they share nobody, and one within the other when it shares everybody', () => {
    const [a, b] = layOut([100, 50], () => 0);
    expect((b?.x ?? 0) - (a?.x ?? 0)).toBeGreaterThan(radius(100) + radius(50));
    const [c, d] = layOut([100, 50], () => 50);
    expect((d?.x ?? 0) - (c?.x ?? 0)).toBeCloseTo(radius(100) - radius(50), 3);
  });

  it('keep every distance where three make a triangle', () => {
    const shared = [
      [0, 30, 20],
      [30, 0, 25],
      [20, 25, 0],
    ];
    const circles = layOut([100, 90, 80], (i, j) => shared[i]?.[j] ?? 0);
    for (const [i, j] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const p = circles[i];
      const q = circles[j];
      if (!p || !q) throw new Error('three circles');
      expect(lens(p.r, q.r, Math.hypot(p.x - q.x, p.y - q.y))).toBeCloseTo(shared[i]?.[j] ?? 0, 3);
    }
  });

  it('are always somewhere, also of nobody and of distances that make no triangle', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 3 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (sizes, parts) => {
          const circles = layOut(sizes, (i, j) => Math.min(sizes[i] ?? 0, sizes[j] ?? 0) * (parts[i + j - 1] ?? 0));
          for (const c of circles) for (const n of [c.x, c.y, c.r]) expect(Number.isFinite(n)).toBe(true);
        },
      ),
    );
  });

  it('have their labels where they belong', () => {
    const places = middles(layOut([100, 80], () => 20));
    expect([...places.keys()].toSorted()).toEqual(['0', '0-1', '1']);
  });
});
