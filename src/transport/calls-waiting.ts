/** Counts the calls that wait for a server's connections, and the calls that failed because too many calls of their client waited. */
export class CallsWaiting {
  /** The server's name in errors. */
  readonly name: string;
  now = 0;
  refused = 0;

  constructor(name: string) {
    this.name = name;
  }
}
