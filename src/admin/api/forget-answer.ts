/** Body of POST /v1/forget: the id of a secondary runtime that is down and has left this node for good. */
export interface ForgetRequest {
  readonly runtime: string;
}

/** Answer of POST /v1/forget: the runtime's id, and how many pods it had, as far as that is known. */
export interface ForgetAnswer {
  readonly runtime: string;
  readonly pods: number;
}
