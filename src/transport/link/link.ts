import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, Reply, ReplyStream, RequestStream } from '../../base/call.ts';
import { Level } from '../../base/log-level.ts';
import type { About, Logger } from '../../base/logger.ts';
import { notUp } from '../../base/not-up.ts';
import { Quota } from '../../base/quota.ts';
import { CallsWaiting } from '../calls-waiting.ts';
import type { Dial, Session } from '../session.ts';
import { RetriedCalls } from './retried-calls.ts';

/** The first wait before another try, and the longest, in ms. A socket that is there is tried at least once a second. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 1_000;

/** A connection that has held for so long was a good one, in ms. */
const STEADY = 5_000;

/** How often at once, and then each second, a connection is made in the place of one that the peer has taken leave of. */
const RENEWALS = 20;

/** How long a peer may take to accept a connection and exchange settings, in ms. */
const DIAL_TIMEOUT = 5_000;

/**
 * A link is down or up; what the peer said of itself when it came up is its greeting. `seen`: it has been up before. `absent`:
 * nothing is at its path. `since` is a wall-clock time in ms.
 */
export type LinkState<Greeting> =
  | {
      readonly kind: 'down';
      readonly since: number;
      readonly reason: string;
      readonly seen: boolean;
      readonly absent: boolean;
    }
  | { readonly kind: 'up'; readonly since: number; readonly greeting: Greeting; readonly session: Session };

export interface LinkOptions<Greeting> {
  /** How log lines call the peer. */
  readonly name: string;
  readonly path: string;
  readonly dial: Dial;
  /** Asks the peer what it is. A rejection counts as "not up yet". */
  readonly greet: (session: Session) => Promise<Greeting>;
  readonly describe: (greeting: Greeting) => string;
  /** Whether the peer has been up before, behind another link. */
  readonly seen?: boolean;
  /** It is no fault if the peer has never been there. */
  readonly isOptional?: boolean;
  readonly log: Logger;
  /** What its lines are about. */
  readonly about?: About;
}

/** Keeps one connection to the peer behind a unix socket, for ever: whenever it is lost, or not there yet, it tries again. */
export class Link<Greeting> {
  private readonly options: LinkOptions<Greeting>;
  /** Calls that wait for a turn on its connection, or for another connection. */
  readonly waits: CallsWaiting;
  private readonly listeners = new Set<(state: LinkState<Greeting>) => void>();
  private readonly stopping = new AbortController();
  private current: LinkState<Greeting>;
  /** Connections that the runtime has taken leave of, whose calls go on. */
  private readonly leaving = new Set<Session>();
  private readonly renewals = new Quota(RENEWALS, 1);
  /** Resolves when there is another connection, or none any more. */
  private renewed = Promise.withResolvers<void>();
  private readonly calls = new RetriedCalls({
    now: () => this.taking(),
    soon: options => this.soonTaking(options),
  });
  private complained = false;
  private markTried: () => void = () => {};
  /** Resolves, never rejects, when the first try has come to an end, whichever. */
  readonly tried: Promise<void> = new Promise(resolve => {
    this.markTried = resolve;
  });

  constructor(options: LinkOptions<Greeting>) {
    this.options = options;
    this.waits = new CallsWaiting(options.name);
    const reason = `not connected to ${options.path} yet`;
    this.current = { kind: 'down', since: Date.now(), reason, seen: options.seen ?? false, absent: false };
  }

  get state(): LinkState<Greeting> {
    return this.current;
  }

  /** It is known, from elsewhere, to have been up before. */
  noteSeen(): void {
    if (this.current.kind === 'down') this.current = { ...this.current, seen: true };
  }

  onChange(listener: (state: LinkState<Greeting>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    void this.run();
  }

  /** Leaves the connection to the calls in flight: when it is lost, or not there yet, there is no other. `stop` ends it. */
  leave(): void {
    this.stopping.abort();
  }

  /** Resolves when the connection, which goes on until no call is on it, has ended; at once when there is none. */
  async endWhenIdle(): Promise<void> {
    if (this.current.kind !== 'up') return;
    this.current.session.endWhenIdle();
    await this.current.session.closed;
  }

  stop(): void {
    this.stopping.abort();
    if (this.current.kind === 'up') this.current.session.close();
    for (const session of this.leaving) session.close();
  }

  call(path: string, request: Buffer, options: CallOptions): Promise<Reply> {
    return this.calls.call(path, request, options);
  }

  stream(path: string, requests: RequestStream, options: CallOptions): ReplyStream {
    return this.calls.stream(path, requests, options);
  }

  /** Undefined while another connection is made. */
  private taking(): Session | undefined {
    if (this.current.kind === 'down') throw notUp(this.options.name, this.current.reason);
    const { session } = this.current;
    return session.isLeaving && !this.stopping.signal.aborted ? undefined : session;
  }

  private async soonTaking({ signal }: CallOptions): Promise<Session> {
    for (;;) {
      const session = this.taking();
      if (session !== undefined) return session;
      signal.throwIfAborted();
      const given = Promise.withResolvers<void>();
      const giveUp = () => given.resolve();
      signal.addEventListener('abort', giveUp, { once: true });
      this.waits.now++;
      await Promise.race([this.renewed.promise, given.promise]);
      this.waits.now--;
      signal.removeEventListener('abort', giveUp);
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let wait = FIRST_WAIT;
    while (!signal.aborted) {
      const session = await this.connect();
      this.markTried();
      if (session !== undefined) {
        const upSince = performance.now();
        const reason = await this.lastOf(session);
        // One that comes and goes is not to be tried, and told of, ten times a second.
        if (performance.now() - upSince > STEADY) wait = FIRST_WAIT;
        if (this.current.kind === 'up')
          this.down(
            `lost the connection to ${this.options.path}: ${reason} (if it does not come back, look at the runtime's log)`,
          );
      }
      await sleep(wait, undefined, { signal }).catch(() => {});
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  /**
   * Stays with a runtime that takes leave of its connections while it can be reached: a new connection takes the old one's place.
   * Returns why there is none any more.
   */
  private async lastOf(first: Session): Promise<string> {
    let session: Session | undefined = first;
    let reason = '';
    while (session !== undefined) {
      reason = await session.closed;
      if (!session.isLeaving || this.stopping.signal.aborted) return reason;
      for (const old of this.leaving) if (old.isOver) this.leaving.delete(old);
      this.leaving.add(session);
      // It may go on so for ever.
      if (!this.renewals.take()) await sleep(LONGEST_WAIT, undefined, { signal: this.stopping.signal }).catch(() => {});
      session = await this.connect();
    }
    return reason;
  }

  private async connect(): Promise<Session | undefined> {
    const { path, dial, greet } = this.options;
    let session: Session | undefined;
    try {
      session = await dial(path, DIAL_TIMEOUT, this.waits);
      const greeting = await greet(session);
      if (this.stopping.signal.aborted) throw new Error('nobody wants it any more');
      this.up(greeting, session);
      return session;
    } catch (fault) {
      // Its own GOAWAY may come before the greeting's answer.
      if (session?.isLeaving && this.current.kind === 'up') return session;
      session?.close();
      this.down(explain(path, fault), (fault as Partial<NodeJS.ErrnoException>).code === 'ENOENT');
      return undefined;
    }
  }

  /** The same runtime on another connection is no change of state. */
  private up(greeting: Greeting, session: Session): void {
    const { current } = this;
    const { describe } = this.options;
    if (current.kind === 'up' && describe(current.greeting) === describe(greeting)) {
      this.current = { ...current, session };
      this.wake();
    } else {
      this.change({ kind: 'up', since: Date.now(), greeting, session });
    }
  }

  private wake(): void {
    const { resolve } = this.renewed;
    this.renewed = Promise.withResolvers();
    resolve();
  }

  private down(reason: string, absent = false): void {
    const { current } = this;
    if (current.kind === 'down' && current.reason === reason) return;
    if (this.stopping.signal.aborted) return;
    const seen = current.kind === 'up' || current.seen;
    this.change({ kind: 'down', since: current.kind === 'up' ? Date.now() : current.since, reason, seen, absent });
  }

  private change(state: LinkState<Greeting>): void {
    const before = this.current;
    this.current = state;
    this.tell(before, state);
    this.wake();
    for (const listener of [...this.listeners]) listener(state);
  }

  private tell(before: LinkState<Greeting>, state: LinkState<Greeting>): void {
    const { log, name, path, describe, about: of, isOptional } = this.options;
    const about = { ...of, change: true };
    if (state.kind === 'down' && state.absent && !state.seen && isOptional === true) {
      log.info(Level.State, `${name} is not seen yet: ${state.reason}; trying again`, undefined, about);
      return;
    }
    if (state.kind === 'up')
      log.info(Level.State, `${name} is up at ${path}: ${describe(state.greeting)}`, undefined, about);
    else if (before.kind === 'up' || !this.complained)
      log.warn(`${name} is down: ${state.reason}; trying again`, about);
    // Why it stays down is another matter than that it is.
    else log.info(Level.Detail, `${name} is still down: ${state.reason}`, undefined, about);
    this.complained = true;
  }
}

/** What went wrong with the socket, and what to look at. */
function explain(path: string, fault: unknown): string {
  const error = fault as Partial<NodeJS.ErrnoException>;
  switch (error.code as unknown) {
    case 'ENOENT':
      return `there is no socket at ${path} (is the runtime started, and is this the path in -connect?)`;
    case 'ECONNREFUSED':
      return `nothing listens on ${path} (the runtime has stopped; look at its log)`;
    case 'EACCES':
      return `no permission to connect to ${path} (criproxy has to run as root)`;
    case 'ENOTSOCK':
      return `${path} is not a socket (correct -connect)`;
    default:
      return `${path}: ${error.message ?? String(fault)} (look at the runtime's log)`;
  }
}
