import type { Condition, Json } from '../definition/condition';
import type { NameKind } from './api';

/** The kinds of names that come in, in the order they are shown: what they are called, and how one comes to be. */
export const nameKinds: readonly { kind: NameKind; label: string; empty: string }[] = [
  { kind: 'event', label: 'Events', empty: 'A name shows up here with the first event that has it.' },
  { kind: 'attribute', label: 'Attributes', empty: 'What is known of people shows up here with the first person.' },
  { kind: 'property', label: 'Properties', empty: 'What events come with shows up here once an event has properties.' },
  { kind: 'page', label: 'Pages', empty: 'Addresses show up here with the first page viewed.' },
  { kind: 'screen', label: 'Screens', empty: 'Names show up here with the first screen of an app viewed.' },
  { kind: 'link', label: 'Links', empty: 'Links show up here when somebody clicks one in a message.' },
  { kind: 'device_property', label: 'Devices', empty: 'What is known of devices shows up here with the first one.' },
  { kind: 'campaign', label: 'Campaigns', empty: 'Campaigns show up here with their first message.' },
];

/** A pattern that fits a text alone: what would stand for other characters is escaped. */
const literal = (text: string) => text.replace(/[|*+\\]/g, '\\$&');

/** The condition that a name begins a segment with; value narrows it to one of the values seen. */
export function conditionOf(kind: NameKind, name: string, event?: string, value?: Json): Condition {
  const test: Condition = value === undefined ? { op: 'exists' } : { op: 'is', value };
  switch (kind) {
    case 'attribute':
      return { attribute: name, ...test };
    case 'property':
      return { event: event ?? '*', where: [{ property: name, ...test }] };
    case 'page':
    case 'screen':
      return { [kind]: literal(name) };
    case 'link':
      return { message: 'email', action: 'clicked', link: literal(name) };
    case 'device_property':
      return { device: 'any', where: [{ property: name, ...test }] };
    case 'campaign':
      return { message: 'email', action: 'sent', campaign: name };
    case 'segment':
      return { segment: name };
    default:
      return { event: name };
  }
}
