import type { Role } from '../session/api';

/** What users may do, each including those before it. */
export const roles: readonly { value: Role; label: string; about: string }[] = [
  { value: 'viewer', label: 'Viewer', about: 'sees everything, changes nothing.' },
  { value: 'editor', label: 'Editor', about: 'changes segments and brings people in.' },
  { value: 'sender', label: 'Sender', about: 'sends messages as well.' },
  { value: 'admin', label: 'Admin', about: 'users, keys and settings as well, and erases people.' },
];
