import { parseExact } from '../definition/exact';
import { unwrap } from './client';

/** An answer that holds a definition, which keeps every digit. Such answers are never merged with those before. */
export const exactly = async <T>(answer: Promise<{ data?: string; error?: unknown; response: Response }>) =>
  parseExact(await unwrap(answer)) as T;
