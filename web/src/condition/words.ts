// The words of messages and devices, as they stand in the sentence.

export const actions = [
  { value: 'opened', words: 'opened' },
  { value: 'clicked', words: 'clicked a link in' },
  { value: 'sent', words: 'was sent' },
  { value: 'delivered', words: 'received' },
  { value: 'converted', words: 'converted after' },
  { value: 'unsubscribed', words: 'unsubscribed from' },
  { value: 'complained', words: 'complained about' },
  { value: 'bounced', words: 'had a bounce of' },
  { value: 'failed', words: 'had a failure of' },
  { value: 'suppressed', words: 'was suppressed for' },
] as const;
export const actionNames = actions.map(({ value }) => value);

export const channels = [
  { value: 'email', words: 'an email' },
  { value: 'push', words: 'a push message' },
  { value: 'webhook', words: 'a webhook' },
  { value: 'any', words: 'any message' },
] as const;
export const channelNames = channels.map(({ value }) => value);

export const platforms = [
  { value: 'any', words: 'device' },
  { value: 'mobile', words: 'mobile device' },
  { value: 'ios', words: 'iOS device' },
  { value: 'android', words: 'Android device' },
  { value: 'web', words: 'web browser' },
] as const;
export const platformNames = platforms.map(({ value }) => value);
