import type { Spec, Step, Trigger } from './api';

/** What the kinds of steps are called, in the order in which they are offered. */
export const stepNames: Readonly<Record<Step['kind'], string>> = {
  send: 'Send a message',
  wait: 'Wait a while',
  wait_until: 'Wait until',
  branch: 'Part the ways',
  update: 'Set attributes',
  webhook: 'Call a webhook',
  exit: 'Leave the campaign',
};

export const triggerNames: Readonly<Record<Trigger['kind'], string>> = {
  segment_entered: 'Somebody enters a segment',
  segment_left: 'Somebody leaves a segment',
  event: 'Somebody does something',
  date: 'A date comes',
  api: 'A program asks for it',
};

/** What begins a campaign, in a line. name gives a segment's name by its id. */
export function triggerWords(t: Trigger, name: (segment: string) => string): string {
  switch (t.kind) {
    case 'segment_entered':
      return `enters ${name(t.segment ?? '') || 'a segment'}`;
    case 'segment_left':
      return `leaves ${name(t.segment ?? '') || 'a segment'}`;
    case 'event':
      return `does ${t.event || 'something'}`;
    case 'date':
      return `${away(t.days ?? 0)} ${t.attribute || 'a date'}${t.every === 'year' ? ', every year' : ''}, at ${t.at || '09:00'}`;
    default:
      return 'when a program asks for it';
  }
}

const away = (days: number) =>
  days === 0 ? 'on' : `${Math.abs(days)} ${Math.abs(days) === 1 ? 'day' : 'days'} ${days < 0 ? 'before' : 'after'}`;

/** What a step does, in a line. name gives a template's name by its id. */
export function stepWords(s: Step, name: (template: string) => string): string {
  switch (s.kind) {
    case 'send':
      return name(s.template ?? '') || 'No template is chosen';
    case 'wait':
      return s.for ? spelled(s.for) : 'No time is set';
    case 'wait_until':
      if (s.event) return `${s.event}, at most ${spelled(s.timeout ?? '')}`;
      return `${s.weekdays?.length ? s.weekdays.map((d) => dayNames[d] ?? d).join(', ') : 'any day'}, ${s.at || '09:00'}`;
    case 'branch':
      return s.branches?.some((b) => b.percent) ? 'by chance' : 'by what is known of the person';
    case 'update':
      return Object.keys(s.attributes ?? {}).join(', ') || 'No attribute is set';
    case 'webhook':
      return s.webhook?.url || 'No address is set';
    default:
      return '';
  }
}

export const dayNames: Readonly<Record<string, string>> = {
  mon: 'Mon',
  tue: 'Tue',
  wed: 'Wed',
  thu: 'Thu',
  fri: 'Fri',
  sat: 'Sat',
  sun: 'Sun',
};

const units: Readonly<Record<string, string>> = { min: 'minute', h: 'hour', d: 'day', w: 'week' };

/** 3d as 3 days. */
export function spelled(duration: string): string {
  const [, n, unit] = /^(\d+)(min|h|d|w)$/.exec(duration) ?? [];
  return n && unit ? `${n} ${units[unit]}${n === '1' ? '' : 's'}` : duration;
}

/** What a campaign begins as: nothing but its end. */
export const blankSpec: Spec = { trigger: { kind: 'segment_entered' }, steps: [{ id: 'exit', kind: 'exit' }] };
