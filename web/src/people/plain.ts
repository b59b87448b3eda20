import { day, number } from '../app/format';
import { momentOf } from '../app/reading';

const shown = 200; // characters of a cell

/** A value in one line of plain text, as a cell of a table has it. */
export function plain(value: unknown, name: string, zone: string): string {
  if (value === null || value === undefined) return '—';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' || typeof value === 'string') {
    const at = momentOf(value, name);
    if (at !== undefined) return day(at, zone);
    return typeof value === 'number' ? number(value) : short(value);
  }
  return short(JSON.stringify(value));
}

const short = (text: string) => (text.length > shown ? `${text.slice(0, shown)}…` : text);
