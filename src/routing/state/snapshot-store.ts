/** What was found of one runtime that this node has seen. */
export interface Filed {
  /** The real path of its socket; undefined for a file of an earlier version, which tells an id alone. */
  readonly socket: string | undefined;
  /** Whom it is of, as `mark` has got it; for a file of an earlier version as `encodeOwner` would have it. */
  readonly owner: Buffer;
  /** A whole state and the changes since; undefined where that is lost. */
  readonly contents: readonly Buffer[] | undefined;
  /** Rejects when it is still there. */
  remove(): Promise<void>;
}

/** Where what is known of runtimes is kept over a restart of the proxy, by their sockets: a port, so that routing knows no files. */
export interface SnapshotStore {
  /** All that there is. Never rejects. */
  load(): Promise<readonly Filed[]>;
  /** Notes that the runtime at this socket has been seen, whatever becomes of its state. Rejects as all that follow. */
  mark(socket: string, owner: Buffer): Promise<void>;
  /** Puts a whole state in place. Rejects when it could not be written; what was written before is still there then. */
  replace(socket: string, state: Buffer): Promise<void>;
  /** Adds a change. Rejects when it could not be written; only `replace` may follow then. */
  append(socket: string, change: Buffer): Promise<void>;
  /** Removes what was written, if there is anything. Rejects when it is still there. */
  remove(socket: string): Promise<void>;
  close(): Promise<void>;
}
