import { hostname } from 'node:os';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import type { Counters } from '../../watch/counters.ts';
import { exportRequest, type Span } from '../../watch/span.ts';
import { SpanRecorder } from '../../watch/span-recorder.ts';

/** How often spans are sent, in ms, and how long to wait after a failure. */
const PERIOD = 2_000;
const AFTER_FAILURE = 10_000;

/** The most spans in one request, and the most that wait: a slow collector costs no more than these. */
const BATCH = 512;
const QUEUE = 4_096;

/** How long the collector may take to answer, in ms, and how long at the end of the proxy. */
const TIMEOUT = 10_000;
const LAST_TIMEOUT = 1_000;

/** Sends a span of each call to an OpenTelemetry collector: OTLP over HTTP, in JSON. No call ever waits for it. */
export class SpanExporter {
  private readonly url: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly version: string;
  private readonly log: Logger;
  private readonly queue: Span[] = [];
  private readonly sent;
  private readonly dropped;
  private readonly forget: () => void;
  private readonly ending = new AbortController();
  private failing = false;
  private stopped = false;
  private sending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  /**
   * `base`: the collector's URL, to which `/v1/traces` is added. User information in it is sent as basic authentication, RFC 7617:
   * fetch takes no such URL.
   */
  constructor(base: string, version: string, watch: CallWatch, counters: Counters, log: Logger) {
    const { username, password } = new URL(base);
    this.url = `${base.replace(/^(\w+:\/\/)[^/]*@/, '$1')}/v1/traces`;
    this.headers = { 'content-type': 'application/json', ...basicAuth(username, password) };
    this.version = version;
    this.log = log;
    this.sent = counters.counter('criproxy_otlp_spans_sent_total', 'Spans that the collector has accepted.');
    this.dropped = counters.counter(
      'criproxy_otlp_spans_dropped_total',
      'Spans that were dropped because the collector did not accept them, or not fast enough.',
    );
    this.forget = watch.add(new SpanRecorder(span => this.take(span)));
    this.wait(PERIOD);
    log.info(Level.State, `sending spans to ${this.url}`);
  }

  /** Tries once more to send the spans that wait; a collector that hangs is not waited for. */
  async stop(): Promise<void> {
    this.forget();
    this.stopped = true;
    clearTimeout(this.timer);
    const giveUp = setTimeout(() => this.ending.abort(), LAST_TIMEOUT);
    await this.sending;
    if (!this.failing) await this.send();
    clearTimeout(giveUp);
  }

  private take(span: Span): void {
    if (this.queue.length >= QUEUE) this.dropped.add();
    else this.queue.push(span);
  }

  private wait(ms: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.sending = this.send().then(() => this.wait(this.failing ? AFTER_FAILURE : PERIOD));
    }, ms).unref();
  }

  /** Sends all that waits, batch by batch, until one fails. Never rejects. */
  private async send(): Promise<void> {
    // A span that comes during the sending has to wait its turn, or this would never end on a busy node.
    let left = this.queue.length;
    while (left > 0) {
      const batch = this.queue.slice(0, BATCH);
      const fault = await this.post(batch);
      if (fault === undefined) this.sent.add(batch.length);
      else if (fault.final) this.dropped.add(batch.length);
      if (!this.ending.signal.aborted) this.tell(fault);
      if (fault !== undefined && !fault.final) return;
      this.queue.splice(0, batch.length);
      left -= batch.length;
    }
  }

  /** `final`: the same spans would be refused again. */
  private async post(spans: readonly Span[]): Promise<{ readonly why: string; readonly final: boolean } | undefined> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: this.headers,
        body: exportRequest(spans, this.version, hostname(), Date.now() - performance.now()),
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT), this.ending.signal]),
      });
      await response.body?.cancel();
      if (response.ok) return undefined;
      // OTLP/HTTP, "Failures": these are to be tried again, and no others.
      const again = [429, 502, 503, 504].includes(response.status);
      return { why: `it answers ${response.status} ${response.statusText}`, final: !again };
    } catch (fault) {
      const { message, cause } = fault as Error;
      return { why: cause instanceof Error ? cause.message : message, final: false };
    }
  }

  private tell(fault: { readonly why: string } | undefined): void {
    const failing = fault !== undefined;
    if (failing === this.failing) return;
    this.failing = failing;
    if (failing) {
      this.log.warn(`the collector at ${this.url} takes no spans: ${fault.why}; calls go on without (see -otlp)`);
    } else this.log.info(Level.State, `the collector at ${this.url} takes spans again`);
  }
}

/** `username` and `password` as a URL has them, percent-encoded. */
function basicAuth(username: string, password: string): { authorization?: string } {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
