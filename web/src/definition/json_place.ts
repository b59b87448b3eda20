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

/** Where a text ceases to be JSON, and what should stand there; undefined for JSON. Browsers do not always tell. */
export function syntaxFault(text: string): { place: TextPlace; message: string } | undefined {
  const reader = new Reader(text);
  reader.value();
  if (!reader.expected && reader.at < text.length) reader.fail('the end');
  if (reader.expected === undefined) return undefined;
  return { place: textPlace(text, reader.at), message: `expected ${reader.expected}` };
}

const scalar =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/** Steps over JSON until the first fault. */
class Reader {
  at = 0;
  expected?: string;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    this.at = skip(text, 0);
  }

  fail(expected: string) {
    this.expected ??= expected;
  }

  value() {
    if (this.take('{')) this.list('}', () => this.member());
    else if (this.take('[')) this.list(']', () => this.value());
    else if (!this.scalar()) this.fail('a value: a text in double quotes, a number, true, false, null, { or [');
  }

  private list(end: string, item: () => void) {
    if (this.take(end)) return;
    do item();
    while (!this.expected && this.take(','));
    if (!this.expected && !this.take(end)) this.fail(`a comma or ${end}`);
  }

  private member() {
    if (this.text[this.at] !== '"' || !this.scalar()) this.fail('a name in double quotes');
    else if (!this.take(':')) this.fail('a colon');
    else this.value();
  }

  private take(sign: string): boolean {
    if (this.text[this.at] !== sign) return false;
    this.at = skip(this.text, this.at + 1);
    return true;
  }

  private scalar(): boolean {
    scalar.lastIndex = this.at;
    if (!scalar.test(this.text)) return false;
    this.at = skip(this.text, scalar.lastIndex);
    return true;
  }
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
  while (i < text.length && ' \t\n\r'.includes(text[i] as string)) i++;
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
