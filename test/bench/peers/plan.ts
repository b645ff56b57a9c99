/** What a client asks, and when. In a file it is JSON, which the clients on every library read. */
export interface Plan {
  /** In ms. */
  readonly period: number;
  readonly calls: readonly {
    readonly path: string;
    /** In base64. */
    readonly request: string;
  }[];
  /** When, in ms from the start, in order; which of `calls`; and on which of the client's connections. */
  readonly entries: readonly (readonly [at: number, call: number, connection: number])[];
  /** The path of a stream that is open all the time, on the first connection. */
  readonly stream?: string | undefined;
}

/** Plays the plan in the file once, `speed` times as fast as it says. */
export interface PlanJob {
  readonly plan: string;
  readonly socket: string;
  readonly library: 'own' | 'native';
  readonly speed: number;
}

/** Times of the calls by path, in microseconds, and messages of the stream. */
export interface PlanResult {
  readonly times: Readonly<Record<string, number[]>>;
  readonly streamed: number;
}
