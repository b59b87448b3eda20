import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '../api/client';

/** Renames the workspace, or moves it to another time zone: then every segment is built anew. */
export function useUpdateWorkspace() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name?: string; time_zone?: string }) => unwrap(api.PUT('/api/workspace', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['session'] }),
  });
}
