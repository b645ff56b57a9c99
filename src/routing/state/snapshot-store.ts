/** The stored knowledge of one runtime that this node has seen. */
export interface Filed {
  /** The real path of its socket; undefined for a file of an earlier version, which has an id alone. */
  readonly socket: string | undefined;
  /** The owner as given to `mark`; for a file of an earlier version as `encodeOwner` would make it. */
  readonly owner: Buffer;
  /** A whole state and the later changes; undefined if it is lost. */
  readonly contents: readonly Buffer[] | undefined;
  /** Removes the files. Rejects when one is still there. */
  remove(): Promise<void>;
}

/** The store of snapshots over a restart of the proxy, by socket: a port, so that routing knows no files. */
export interface SnapshotStore {
  /** All stored snapshots. Never rejects. */
  load(): Promise<readonly Filed[]>;
  /** Notes that the runtime at this socket has been seen, even if its state is lost later. Rejects like the methods below. */
  mark(socket: string, owner: Buffer): Promise<void>;
  /** Writes a whole state. Rejects when it could not be written; the old state is still there then. */
  replace(socket: string, state: Buffer): Promise<void>;
  /** Adds a change. Rejects when it could not be written; only `replace` may follow then. */
  append(socket: string, change: Buffer): Promise<void>;
  /** Removes the snapshot, if there is one. Rejects when it is still there. */
  remove(socket: string): Promise<void>;
  close(): Promise<void>;
}
