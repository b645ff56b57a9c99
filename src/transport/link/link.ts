import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, Reply, ReplyStream, RequestStream } from '../../base/call.ts';
import { Level } from '../../base/log-level.ts';
import type { About, Logger } from '../../base/logger.ts';
import { notUp } from '../../base/not-up.ts';
import type { PeerDown } from '../../base/peer-down.ts';
import { Quota } from '../../base/quota.ts';
import { CallsWaiting } from '../calls-waiting.ts';
import type { Dial, Session } from '../session.ts';
import { RetriedCalls } from './retried-calls.ts';

/** The first and the longest wait before another try, in ms: the link tries at least once a second. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 1_000;

/** A connection that has lived for this time was a good one, in ms. */
const STEADY = 5_000;

/** The most connections that replace one which the peer has ended by GOAWAY: this many at once, then one each second. */
const RENEWALS = 20;

/** The time for a peer to accept a connection and exchange settings, in ms. */
const DIAL_TIMEOUT = 5_000;

/**
 * A link is down or up. The greeting is the peer's answer when the link came up. `since` is a wall-clock time in ms.
 */
export type LinkState<Greeting> =
  | PeerDown
  | { readonly kind: 'up'; readonly since: number; readonly greeting: Greeting; readonly session: Session };

export interface LinkOptions<Greeting> {
  /** The peer's name in log lines. */
  readonly name: string;
  readonly path: string;
  readonly dial: Dial;
  /** Asks for the peer's greeting. A rejection means that the peer is not up yet. */
  readonly greet: (session: Session) => Promise<Greeting>;
  readonly describe: (greeting: Greeting) => string;
  /** The peer has been up before, with another link. */
  readonly seen?: boolean;
  /** A peer that has never been up is not a fault. */
  readonly isOptional?: boolean;
  readonly log: Logger;
  /** The subject of the link's log lines. */
  readonly about?: About;
}

/** Keeps one connection to the peer at a unix socket. The link tries again for ever while there is no connection. */
export class Link<Greeting> {
  private readonly options: LinkOptions<Greeting>;
  /** Counts the calls that wait for the connection, or for another connection. */
  readonly waits: CallsWaiting;
  private readonly listeners = new Set<(state: LinkState<Greeting>) => void>();
  private readonly stopping = new AbortController();
  private current: LinkState<Greeting>;
  /** Connections that the runtime has ended by GOAWAY, and whose calls go on. */
  private readonly leaving = new Set<Session>();
  private readonly renewals = new Quota(RENEWALS, 1);
  /** Resolves when another connection is up, or the link is down. */
  private renewed = Promise.withResolvers<void>();
  private readonly calls = new RetriedCalls({
    now: () => this.accepting(),
    soon: options => this.soonAccepting(options),
  });
  private complained = false;
  private markTried: () => void = () => {};
  /** Resolves, never rejects, when the first try has succeeded or failed. */
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

  /** Notes that the peer has been up before. */
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

  /** Makes no further connection; the present one serves the calls in flight until it is lost or `stop` ends it. */
  leave(): void {
    this.stopping.abort();
  }

  /** Ends the connection when no call is in flight, and resolves when it has ended; at once if there is no connection. */
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

  /** The session for new calls; undefined while another connection is made. */
  private accepting(): Session | undefined {
    if (this.current.kind === 'down') throw notUp(this.options.name, this.current.reason);
    const { session } = this.current;
    return session.isLeaving && !this.stopping.signal.aborted ? undefined : session;
  }

  private async soonAccepting({ signal }: CallOptions): Promise<Session> {
    for (;;) {
      const session = this.accepting();
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
        const reason = await this.untilLost(session);
        // A peer that comes and goes must not be tried, and logged, ten times a second.
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
   * Waits for the end of a session, and replaces each session that ends by GOAWAY by a new one. Returns the reason why the last one
   * ended.
   */
  private async untilLost(first: Session): Promise<string> {
    let session: Session | undefined = first;
    let reason = '';
    while (session !== undefined) {
      reason = await session.closed;
      if (!session.isLeaving || this.stopping.signal.aborted) return reason;
      for (const old of this.leaving) if (old.isOver) this.leaving.delete(old);
      this.leaving.add(session);
      // The runtime may send GOAWAY on every connection.
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
      if (this.stopping.signal.aborted) throw new Error('the link has stopped');
      this.up(greeting, session);
      return session;
    } catch (fault) {
      // GOAWAY may come before the answer to the greeting.
      if (session?.isLeaving && this.current.kind === 'up') return session;
      session?.close();
      this.down(explain(path, fault), (fault as Partial<NodeJS.ErrnoException>).code === 'ENOENT');
      return undefined;
    }
  }

  /** Another connection to the same runtime is not a change of state. */
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
    // A new reason is a detail: the state is logged already.
    else log.info(Level.Detail, `${name} is still down: ${state.reason}`, undefined, about);
    this.complained = true;
  }
}

/** The fault of the socket and its remedy, in words. */
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
