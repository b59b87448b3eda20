// Circles drawn to scale: areas are numbers of people. For two, the area shared is to scale as well; for three, that of
// each pair is, as far as three circles can show it.

export interface Circle {
  x: number;
  y: number;
  r: number;
}

/** The area shared by two circles at a distance. */
export function lens(a: number, b: number, d: number): number {
  if (d >= a + b) return 0;
  if (d <= Math.abs(a - b)) return Math.PI * Math.min(a, b) ** 2;
  const half = (r: number, s: number) => {
    const cos = (d * d + r * r - s * s) / (2 * d * r);
    return r * r * Math.acos(Math.max(-1, Math.min(1, cos)));
  };
  const kite = Math.sqrt(Math.max(0, (-d + a + b) * (d + a - b) * (d - a + b) * (d + a + b)));
  return half(a, b) + half(b, a) - kite / 2;
}

/** The distance at which two circles share an area. */
export function distance(a: number, b: number, shared: number): number {
  let near = Math.abs(a - b);
  let far = a + b;
  if (shared <= 0) return far * 1.08;
  for (let i = 0; i < 60; i++) {
    const middle = (near + far) / 2;
    if (lens(a, b, middle) > shared) near = middle;
    else far = middle;
  }
  return (near + far) / 2;
}

/** Two or three circles of sizes, whose pairs share so many. Sizes of nobody get a point. */
export function layOut(sizes: readonly number[], shared: (i: number, j: number) => number): Circle[] {
  const r = sizes.map((n) => Math.sqrt(Math.max(n, 0) / Math.PI));
  const at = (i: number) => r[i] ?? 0;
  const d = (i: number, j: number) => distance(at(i), at(j), shared(i, j));
  const d01 = d(0, 1);
  const circles: Circle[] = [
    { x: 0, y: 0, r: at(0) },
    { x: d01, y: 0, r: at(1) },
  ];
  if (sizes.length < 3) return circles;
  const d02 = d(0, 2);
  const d12 = d(1, 2);
  // Where three distances make no triangle, the third circle lies on the line, as near as it can to both.
  const x = d01 > 0 ? (d02 * d02 - d12 * d12 + d01 * d01) / (2 * d01) : 0;
  const y = d02 * d02 - x * x;
  if (y > 0) return [...circles, { x, y: Math.sqrt(y), r: at(2) }];
  const between = d02 + d12 < d01;
  const place = between ? (d01 * d02) / (d02 + d12) : x > 0 ? d02 : -d02;
  return [...circles, { x: place, y: 0, r: at(2) }];
}

/** The middle of each region that the circles make, by the places of the circles that it lies in: where a label has most room. */
export function middles(circles: readonly Circle[]): Map<string, { x: number; y: number; room: number }> {
  const box = boxOf(circles);
  const steps = 90;
  const step = Math.max(box.width, box.height) / steps;
  const found = new Map<string, { x: number; y: number; room: number }>();
  for (let y = box.y + step / 2; y < box.y + box.height; y += step) {
    for (let x = box.x + step / 2; x < box.x + box.width; x += step) {
      const edges = circles.map((c) => c.r - Math.hypot(x - c.x, y - c.y));
      const id = edges.flatMap((e, i) => (e > 0 ? [i] : [])).join('-');
      const room = Math.min(...edges.map(Math.abs));
      if (id && room > (found.get(id)?.room ?? 0)) found.set(id, { x, y, room });
    }
  }
  return found;
}

/** The box around circles. */
export function boxOf(circles: readonly Circle[]) {
  const x = Math.min(...circles.map((c) => c.x - c.r));
  const y = Math.min(...circles.map((c) => c.y - c.r));
  return {
    x,
    y,
    width: Math.max(...circles.map((c) => c.x + c.r)) - x,
    height: Math.max(...circles.map((c) => c.y + c.r)) - y,
  };
}
