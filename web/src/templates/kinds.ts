export type Kind = 'email' | 'push' | 'webhook';

/** What the ways to people are called. */
export const kindNames: Readonly<Record<Kind, string>> = { email: 'Email', push: 'Push', webhook: 'Webhook' };

export const kindName = (kind: string) => kindNames[kind as Kind] ?? kind;
