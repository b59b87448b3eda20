import { number } from '../app/format';

/** What the audit log's actions are in words. */
export const deeds: Record<string, string> = {
  backup: 'took a backup',
  'channel.create': 'added a channel',
  'channel.update': 'changed a channel',
  'channel.delete': 'deleted a channel',
  'sending.update': 'changed how messages go out',
  'import.create': 'began an import',
  'import.cancel': 'stopped an import',
  'key.create': 'created a key',
  'key.rotate': 'replaced a key',
  'key.revoke': 'revoked a key',
  'link.create': 'created a link',
  'link.accept': 'came in by a link',
  'link.remove': 'took an invitation back',
  'person.erase': 'erased a person',
  'rejected.replay': 'took a rejected item again',
  'segment.create': 'created a segment',
  'segment.update': 'changed a segment',
  'segment.delete': 'deleted a segment',
  'segment.members': 'changed the members of a segment',
  'segment.archive': 'archived a segment',
  'segment.restore': 'restored a segment',
  'segment.pause': 'paused a segment',
  'segment.resume': 'resumed a segment',
  'segment.cancel': 'stopped the build of a segment',
  'session.begin': 'logged in',
  'session.guest': 'came in as a guest',
  'session.end': 'logged out',
  'user.password': 'changed their password',
  'user.role': 'gave a user another role',
  'user.remove': 'took a user out',
  'workspace.create': 'created a workspace',
  'workspace.update': 'changed the workspace',
  'workspace.remove': 'deleted a workspace of made-up data',
};

/** What actions are about: the part before their dot. */
export const topics = [
  { value: 'segment', label: 'Segments' },
  { value: 'person', label: 'People' },
  { value: 'import', label: 'Imports' },
  { value: 'key', label: 'Keys' },
  { value: 'user', label: 'Users' },
  { value: 'link', label: 'Links' },
  { value: 'session', label: 'Log-ins' },
  { value: 'workspace', label: 'Workspaces' },
  { value: 'channel', label: 'Channels' },
  { value: 'rejected', label: 'Rejected items' },
];

type Detail = Readonly<Record<string, unknown>>;

const listed = (x: unknown) => (Array.isArray(x) ? x.map((part) => String(part).replace('_', ' ')) : []);
const list = (parts: readonly string[]) => new Intl.ListFormat('en').format(parts);

/** What an entry says beyond its action, in words; "" for nothing. */
export function detailOf(action: string, detail: Detail): string {
  switch (action) {
    case 'segment.create':
      return detail.kind === 'manual' ? 'filled by hand' : '';
    case 'segment.update': {
      const changed = listed(detail.changed);
      if (changed.length === 0) return 'saved as it was';
      return `its ${list(changed)}${changed.includes('definition') ? `, version ${detail.version}` : ''}`;
    }
    case 'segment.members':
      return `${number(Number(detail.added))} put in, ${number(Number(detail.removed))} taken out`;
    case 'user.role':
      return `now ${detail.role}`;
    case 'import.create':
      return `of ${detail.kind}${detail.dry_run ? ', as a dry run' : ''}`;
    case 'key.create':
      return `${keyKinds[String(detail.kind)] ?? detail.kind}${listed(detail.scopes).length > 0 ? `: ${list(listed(detail.scopes))}` : ''}`;
    case 'link.create':
      return detail.role ? `for a new ${detail.role}` : 'for a new password';
    case 'workspace.update':
      return `its ${list(listed(detail.changed))}${detail.time_zone ? `: ${detail.time_zone}` : ''}`;
  }
  return '';
}

const keyKinds: Record<string, string> = { pk: 'for browsers', sk: 'for servers', ak: 'for the API' };
