/** The calls that a client makes, and their times. A file has it as JSON, which the clients on every library read. */
export interface Plan {
  /** In ms. */
  readonly period: number;
  readonly calls: readonly {
    readonly path: string;
    /** In base64. */
    readonly request: string;
  }[];
  /** The time in ms from the start, in order; the index in `calls`; and the number of the client's connection. */
  readonly entries: readonly (readonly [at: number, call: number, connection: number])[];
  /** The path of a stream that is open all the time, on the first connection. */
  readonly stream?: string | undefined;
}

/** Plays the plan in the file once, `speed` times as fast as its times. */
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
