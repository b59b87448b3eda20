import type { Json } from '../definition/condition';

/** A value as YAML 1.2: blocks for what has parts, and every text in quotes unless it can be read as nothing else. */
export function yaml(value: Json, indent = ''): string {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join('');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    return Object.entries(value)
      .map(([key, item]) => {
        const text = yaml(item, `${indent}  `);
        return `${indent}${scalar(key)}:${hasParts(item) ? `\n${text}` : ` ${text}`}`;
      })
      .join('');
  }
  return `${typeof value === 'string' ? scalar(value) : JSON.stringify(value)}\n`;
}

const hasParts = (value: Json) => typeof value === 'object' && value !== null && Object.keys(value).length > 0;
const plain = /^[A-Za-z_][A-Za-z0-9_ .-]*$/;
const reserved = /^(true|false|null|yes|no|on|off|y|n)$/i;
const scalar = (text: string) =>
  plain.test(text) && !reserved.test(text) && text.trim() === text ? text : JSON.stringify(text);
