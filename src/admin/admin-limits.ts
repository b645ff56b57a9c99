/** `connections`: how many at once. Times in ms: `request` until a request has come whole, `answer` until an answer is taken. */
export interface AdminLimits {
  readonly connections: number;
  readonly request: number;
  readonly answer: number;
  /** Of a request, in bytes. */
  readonly body: number;
}

export const adminLimits: AdminLimits = { connections: 32, request: 10_000, answer: 30_000, body: 1024 * 1024 };
