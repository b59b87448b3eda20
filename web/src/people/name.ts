import type { Person } from './api';

/** The attributes that a person's name is made of. */
export const nameAttributes = ['name', 'first_name', 'last_name', 'firstName', 'lastName'] as const;

const longest = 200; // characters of a name; the attribute itself is shown whole

/** What somebody is called: by name, else by email, id or key. */
export function nameOf(person: Pick<Person, 'key' | 'id' | 'email' | 'attributes'>): string {
  const text = (name: string) => {
    const value = person.attributes?.[name]?.value;
    return typeof value === 'string' ? value.trim().slice(0, longest) : '';
  };
  const whole = [text('first_name') || text('firstName'), text('last_name') || text('lastName')];
  return text('name') || whole.filter(Boolean).join(' ') || person.email || person.id || person.key;
}
