// JSON with every digit of its numbers: a definition may hold integers that no double can, and must not lose them.

interface ExactJSON {
  parse(text: string, revive: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown;
  /** A value that is written as it stands; absent in older browsers, which round. */
  rawJSON?(text: string): unknown;
}

const exact = JSON as unknown as ExactJSON;

/** Reads JSON; an integer beyond 2^53 becomes a value that JSON.stringify writes as it was. */
export const parseExact = (text: string): unknown =>
  exact.parse(text, (_, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? (exact.rawJSON?.(context?.source as string) ?? value)
      : value,
  );
