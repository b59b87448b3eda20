/** A piece of a text that stayed, or is gone, or is new. */
interface Piece {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

/** What changed from one sentence to another, by words: the longest common run of them stays. */
export function diff(before: string, after: string): Piece[] {
  const a = words(before);
  const b = words(after);
  const length = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number) => length[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = length[i] as Uint32Array;
    for (let j = b.length - 1; j >= 0; j--)
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const pieces: Piece[] = [];
  const put = (kind: Piece['kind'], text: string) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    if (x !== undefined && x === y) {
      put('same', x);
      i++;
      j++;
    } else if (x !== undefined && (y === undefined || at(i + 1, j) >= at(i, j + 1))) {
      put('gone', x);
      i++;
    } else if (y !== undefined) {
      put('new', y);
      j++;
    }
  }
  return pieces;
}

/** The words of a text, each with the blank before it. */
const words = (text: string) => text.match(/\s*\S+/g) ?? [];
