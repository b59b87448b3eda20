// Where in a JSON text something stands: faults of a definition come as pointers, and are shown at their line.

export interface TextPlace {
  readonly line: number; // from 1
  readonly column: number; // from 1
  readonly offset: number;
}

/** The place of an offset in a text. */
export function textPlace(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, offset };
}

/** The offset of a line and column, both from 1. Columns count characters, as the server does. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
  return start + [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
}

/** The place that a fault of JSON.parse tells of; undefined where the browser tells none. */
export function syntaxPlace(text: string, message: string): TextPlace | undefined {
  const at = /position (\d+)/.exec(message);
  if (at) return textPlace(text, Number(at[1]));
  return /end of JSON input/.test(message) ? textPlace(text, text.length) : undefined;
}

/** Where the value of a pointer begins in a JSON text that can be read; the nearest above it that is there. */
export function pointerPlace(text: string, pointer: string): TextPlace {
  const path = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return textPlace(text, walk(text, skip(text, 0), path));
}

function walk(text: string, at: number, path: readonly string[]): number {
  const [key, ...rest] = path;
  if (key === undefined || (text[at] !== '{' && text[at] !== '[')) return at;
  const list = text[at] === '[';
  for (let i = skip(text, at + 1), n = 0; text[i] !== '}' && text[i] !== ']' && i < text.length; n++) {
    let name = String(n);
    if (!list) {
      const end = past(text, i);
      name = JSON.parse(text.slice(i, end));
      i = skip(text, skip(text, end) + 1); // behind the colon
    }
    if (name === key) return walk(text, i, rest);
    i = skip(text, past(text, i));
    if (text[i] === ',') i = skip(text, i + 1);
  }
  return at;
}

function skip(text: string, at: number): number {
  let i = at;
  while (i < text.length && /\s/.test(text[i] as string)) i++;
  return i;
}

/** Behind the value that begins here. */
function past(text: string, at: number): number {
  if (text[at] === '"') {
    let i = at + 1;
    while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
    return i + 1;
  }
  if (text[at] !== '{' && text[at] !== '[') {
    let i = at;
    while (i < text.length && !/[\s,\]}]/.test(text[i] as string)) i++;
    return i;
  }
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const c = text[i];
    if (c === '"') {
      i = past(text, i);
      continue;
    }
    if (c === '{' || c === '[') depth++;
    if (c === '}' || c === ']') depth--;
    i++;
    if (depth === 0) return i;
  }
  return text.length;
}
