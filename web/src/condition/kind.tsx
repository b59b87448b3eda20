import {
  IconBolt,
  IconDeviceMobile,
  IconDice3,
  IconFileText,
  IconListNumbers,
  IconMail,
  IconTag,
  IconUsersGroup,
  IconWindow,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

/** A kind of condition, as one chooses it. */
export interface Kind {
  readonly kind: 'event' | 'attribute' | 'page' | 'screen' | 'message' | 'segment' | 'device' | 'sequence' | 'sample';
  readonly name: string;
  readonly about: string;
  readonly icon: ComponentType<{ size?: number | string }>;
  /** What is asked next; nothing where the kind alone says enough. */
  readonly which?: string;
}

export const kinds: readonly Kind[] = [
  { kind: 'event', name: 'Event', about: 'something they did, or never did', icon: IconBolt, which: 'Which event?' },
  { kind: 'attribute', name: 'Attribute', about: 'something known of them', icon: IconTag, which: 'Which attribute?' },
  { kind: 'page', name: 'Page', about: 'a page they viewed', icon: IconFileText, which: 'Which page?' },
  { kind: 'screen', name: 'Screen', about: 'a screen of an app they viewed', icon: IconWindow, which: 'Which screen?' },
  {
    kind: 'message',
    name: 'Message',
    about: 'a message sent, opened, clicked',
    icon: IconMail,
    which: 'What happened?',
  },
  {
    kind: 'segment',
    name: 'Segment',
    about: 'in another segment, or not',
    icon: IconUsersGroup,
    which: 'Which segment?',
  },
  {
    kind: 'device',
    name: 'Device',
    about: 'a phone or browser they own',
    icon: IconDeviceMobile,
    which: 'Which device?',
  },
  { kind: 'sequence', name: 'Sequence', about: 'one thing, then another', icon: IconListNumbers },
  { kind: 'sample', name: 'Sample', about: 'a random share of people', icon: IconDice3 },
];
