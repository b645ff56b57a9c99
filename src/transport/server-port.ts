/** A running gRPC server. */
export interface GrpcServer {
  /**
   * Takes no new connections and calls, ends streams, lets unary calls in flight finish for at most `grace` ms, then ends
   * everything. Resolves when the last connection is gone.
   */
  close(grace: number): Promise<void>;
}
