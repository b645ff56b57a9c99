/** What a line is about, by which lines can be found again. */
export interface About {
  /** The client's call, CallOptions.watched: its id joins the lines of a call. */
  readonly call?: { readonly id: number } | undefined;
  /** The method's name, without package and service; a whole path if it is no method of CRI. */
  readonly method?: string;
  /** The runtime's id; empty for the primary. */
  readonly runtime?: string;
  /** A change of state: written however often it comes. */
  readonly change?: boolean;
}

/**
 * Where everything but the command line writes what happens. Levels: 0-1 start-up and serious errors, 2 failed requests,
 * 3 calls that change state, 4 status calls, 5 lists. Warnings and errors have no level: they are on at all of them. Of the
 * same warning, error or failed request again and again within some seconds, the first is written and the rest is counted.
 */
export interface Logger {
  /** Whether a line at this level is written: ask before building anything expensive. */
  enabled(level: number): boolean;
  /** `fields` are what the message is about in full, as plain data. */
  info(level: number, message: string, fields?: unknown, about?: About): void;
  warn(message: string, about?: About): void;
  error(message: string, about?: About): void;
}
