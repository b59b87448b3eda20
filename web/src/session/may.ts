import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type Scope, sessionQuery } from './api';

const scopes: readonly Scope[] = ['read', 'write', 'admin'];
const ofRole: Record<string, Scope> = { viewer: 'read', editor: 'write', sender: 'write', admin: 'admin' };

/** Whether the user may do what asks for a scope, in the workspace that is shown. The server decides; this hides. */
export function useMay(scope: Scope): boolean {
  const { workspace } = useParams({ strict: false });
  const membership = useQuery(sessionQuery).data?.workspaces?.find((m) => m.workspace.id === workspace);
  return scopes.indexOf(ofRole[membership?.role ?? ''] ?? 'read') >= scopes.indexOf(scope);
}
