/** A running gRPC server. */
export interface GrpcServer {
  /** How many connections are open. */
  readonly connections: number;
  /**
   * Takes no new connections and calls, ends streams, lets unary calls in flight finish for at most `grace` ms, then ends
   * everything. Resolves when the last connection is gone.
   */
  close(grace: number): Promise<void>;
}
