/** How many calls wait for a turn on a server's connections, and how many have failed since too many of their client waited. */
export class CallsWaiting {
  /** How errors call the server. */
  readonly name: string;
  now = 0;
  refused = 0;

  constructor(name: string) {
    this.name = name;
  }
}
