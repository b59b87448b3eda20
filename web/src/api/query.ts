import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client';

/** Asks again only where that can help: not for what the server refused. */
function again(failures: number, error: Error) {
  const status = error instanceof ApiError ? error.status : 0;
  return failures < 3 && (status === 0 || status === 429 || status >= 500);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: again, staleTime: 5_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
