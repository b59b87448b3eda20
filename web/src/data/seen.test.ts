import { expect, test } from 'vitest';
import { conditionOf } from './seen';

test('a name becomes the condition that a segment begins with', () => {
  expect(conditionOf('event', 'signed_up')).toEqual({ event: 'signed_up' });
  expect(conditionOf('attribute', 'plan')).toEqual({ attribute: 'plan', op: 'exists' });
  expect(conditionOf('attribute', 'plan', undefined, 'pro')).toEqual({ attribute: 'plan', op: 'is', value: 'pro' });
  expect(conditionOf('property', 'private', 'project_created', false)).toEqual({
    event: 'project_created',
    where: [{ property: 'private', op: 'is', value: false }],
  });
  expect(conditionOf('campaign', 'newsletter')).toEqual({ message: 'email', action: 'sent', campaign: 'newsletter' });
});

test('an address that was seen fits itself alone', () => {
  expect(conditionOf('page', 'https://x.example/a+b*c|d\\e')).toEqual({
    page: 'https://x.example/a\\+b\\*c\\|d\\\\e',
  });
});
