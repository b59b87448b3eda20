export const states = ['held', 'planned', 'attempting', 'sent', 'failed', 'skipped', 'unknown'] as const;
export const outcomes = [
  'delivered',
  'opened',
  'clicked',
  'converted',
  'bounced',
  'complained',
  'unsubscribed',
] as const;

export const stateColors: Readonly<Record<string, string>> = {
  held: 'gray',
  planned: 'blue',
  attempting: 'blue',
  sent: 'teal',
  failed: 'red',
  skipped: 'gray',
  unknown: 'orange',
};

/** A word with a capital in front. */
export const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
