/** The rights of a socket's clients. */
export interface AccessRules {
  /** The path of the socket, for error texts. */
  readonly socket: string;
  /** Names of sets, and globs of methods; see isAllowed. */
  readonly allow: readonly string[];
  /** Whether answers are without verbose info, applied manifests and other secrets. */
  readonly redact: boolean;
  /** Globs of the namespaces whose pods exist for the clients; undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** Calls a second, of all clients of the socket together; undefined: no limit. */
  readonly rate: number | undefined;
}
