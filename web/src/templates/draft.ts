import type { Content } from './api';

/** Sets one field of a content, of whichever kind it is. An empty optional text is left out. */
export function withField(content: Content, field: string, value: unknown): Content {
  const [kind, fields] = Object.entries(content).find(([, part]) => part) ?? [];
  if (!kind) return content;
  return {
    [kind]: { ...(fields as object), [field]: value === '' && optional.has(field) ? undefined : value },
  } as Content;
}

const optional = new Set(['preheader', 'from', 'reply_to', 'text', 'link', 'image']);

/** Whether two contents say the same. */
export const same = (a: Content, b: Content) => JSON.stringify(a) === JSON.stringify(b);

/** Where in a text a fault is, when the pointer of an error says so: "/content/email/body", line and column in the words. */
export function placeOf(detail: string): { line: number; column: number } {
  const found = /line (\d+)(?:, column (\d+))?/.exec(detail);
  return { line: Number(found?.[1] ?? 1), column: Number(found?.[2] ?? 1) };
}
