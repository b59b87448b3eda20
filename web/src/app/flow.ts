import type { Flow } from '../api/stream';

/** How a live view stands, in words. */
export const flowWords: Record<Flow, string> = {
  live: 'Live',
  broken: 'The connection broke; trying again',
  refused: 'Not followed any more: log in again, or ask an admin whether you may still see this',
};
