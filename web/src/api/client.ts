// The one place that speaks HTTP: a client typed by the server's own OpenAPI document. Features ask it in their api.ts
// and give hooks to their components, which know nothing of paths.
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
type Problem = Schemas['Problem'];

/** What a call failed with, told by the server as RFC 9457 problem JSON, or by the network. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  get code() {
    return this.problem.code;
  }

  get status() {
    return this.problem.status;
  }
}

/** The workspace that calls are about, for as long as the page lives; "" before the session is known. */
let workspace = '';

/**
 * Says which workspace the page is in; the router alone does. False when it is in another one already: no call, and nothing
 * that was read, may go from one to the other, so that the page must begin anew.
 */
export function enterWorkspace(id: string): boolean {
  workspace ||= id;
  return workspace === id;
}
export const workspaceHeaders = (): Record<string, string> => (workspace ? { 'Carpel-Workspace': workspace } : {});

const inWorkspace: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(workspaceHeaders())) request.headers.set(name, value);
    return request;
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    return new ApiError({
      type: 'about:blank',
      title: 'No answer',
      status: 0,
      code: 'unreachable',
      detail: 'The server does not answer. Is it running?',
    });
  },
};

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(inWorkspace);

/** The data of an answer; throws an ApiError for any other. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  throw new ApiError(isProblem(error) ? error : unreadable(response));
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
}

function unreadable(response: Response): Problem {
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    code: 'internal',
    detail: `The server answered ${response.status} without saying why.`,
  };
}
