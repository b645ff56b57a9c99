import type { AdminApi } from './api/endpoints.ts';

/** A request to the admin API: HTTP/1.1 on a unix socket, bodies in JSON. */
export interface AdminRequest {
  readonly query: URLSearchParams;
  /** The body's JSON; undefined if there is none. */
  readonly body: unknown;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** A whole answer, or lines as they come: a slow reader holds back the iteration. */
export type AdminAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text'; readonly type: string; readonly text: string }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<string> };

/** One thing that the admin API does. `handle` throws an AdminError for a request that cannot be met. */
export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** As `/v1/status`. */
  readonly path: string;
  handle(request: AdminRequest): AdminAnswer | Promise<AdminAnswer>;
}

/** The route of one of the API's endpoints; `handle` gives its answer. */
export function apiRoute<E extends keyof AdminApi>(
  endpoint: E,
  handle: (request: AdminRequest) => AdminApi[E]['answer'] | Promise<AdminApi[E]['answer']>,
): AdminRoute {
  const [method, path] = endpoint.split(' ') as [AdminRoute['method'], string];
  return { method, path, handle: async request => ({ kind: 'json', value: await handle(request) }) };
}

/** A request that cannot be met: an HTTP status, and a message with the remedy. */
export class AdminError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'AdminError';
    this.status = status;
  }
}
