/** A running gRPC server. */
export interface GrpcServer {
  /** The number of open connections. */
  readonly connections: number;
  /**
   * Accepts no new connections and calls and ends streams. Unary calls in flight may finish within `grace` ms, then everything
   * ends. Resolves when the last connection is closed.
   */
  close(grace: number): Promise<void>;
}
