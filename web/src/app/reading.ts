// How what was received is read before it is shown: a value may be anything that anybody sent.

/** Control and direction characters made visible: they would change what stands around them, or hide. */
export const visible = (text: string) =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\u2423${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const dated = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const named = /(^|[._\s-])(at|on|date|time|timestamp|since|until)$|(At|Date|Time)$/;

/** The moment that a value is: a text written as one, or a number under a name that speaks of time. */
export function momentOf(value: string | number, name: string): number | undefined {
  if (typeof value === 'string') {
    if (!dated.test(value) || value.length === 10) return undefined; // a bare day stays one
    const at = Date.parse(/[Z+]|-\d\d:?\d\d$/.test(value.slice(10)) ? value : `${value.replace(' ', 'T')}Z`);
    return Number.isNaN(at) ? undefined : at;
  }
  if (!named.test(name) || !Number.isFinite(value)) return undefined;
  const size = Math.abs(value);
  if (size >= 1e11 && size < 1e15) return value;
  return size >= 1e8 && size < 1e11 ? value * 1000 : undefined;
}
