import type { Json } from '../definition/condition';
import type { Segment } from './api';
import { yaml } from './yaml';

export type Form = 'json' | 'yaml' | 'text';

/** A segment's definition in one of its forms. */
export function formOf(segment: Segment, form: Form): string {
  if (form === 'text') return segment.text ?? '';
  return form === 'json' ? JSON.stringify(segment.definition, null, 2) : yaml(segment.definition as Json).trimEnd();
}
