import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { sessionQuery } from '../session/api';

/** Whether one may change segments in the workspace one is in: everybody but who only looks. */
export function useMayEdit(): boolean {
  const { workspace } = useParams({ strict: false });
  const session = useQuery(sessionQuery).data;
  const role = session?.workspaces?.find((m) => m.workspace.id === workspace)?.role ?? 'viewer';
  return role !== 'viewer';
}
