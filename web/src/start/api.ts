import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, unwrap } from '../api/client';
import { sessionQuery } from '../session/api';

/** The workspace one is in, as the session knows it. */
export function useHere() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  return useQuery(sessionQuery).data?.workspaces?.find((m) => m.workspace.id === workspace)?.workspace;
}

/** Whether the company of a demo is not all there yet. */
export const useMakingUp = () => useHere()?.demo?.ready === false;

/** Makes a workspace: of real data to come, or with a made-up company that lives in it. */
export function useCreateWorkspace() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; time_zone: string; demo?: boolean }) =>
      unwrap(api.POST('/api/workspaces', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['session'] }),
  });
}
