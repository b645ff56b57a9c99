import type { Logger } from '../base/logger.ts';
import { NoNotifyProgram, NotifyProgram } from './notify-program.ts';

/** Tells systemd how the service is doing (sd_notify(3)). Nothing throws, and nothing is waited for. */
export interface Notifier {
  /** It serves: after the start, and after a reload. */
  ready(): void;
  /** A reload has begun; `ready` follows, whether or not it went well. */
  reloading(): void;
  stopping(): void;
  /** A line for a person: `systemctl status`. Of several in a short time only the last is sent. */
  status(text: string): void;
  /** A sign of life for the watchdog. */
  alive(): void;
}

/** Where nobody wants to know. */
export const silentNotifier: Notifier = {
  ready() {},
  reloading() {},
  stopping() {},
  status() {},
  alive() {},
};

/** How long a new status waits for one that is newer, in ms. */
const STATUS_PAUSE = 200;

/** `socket`: the value of NOTIFY_SOCKET; without one nothing is ever started. */
export function openNotifier(socket: string | undefined, path: string | undefined, log: Logger): Notifier {
  return socket === undefined ? silentNotifier : new SystemdNotifier(new NotifyProgram(socket, path ?? ''), log);
}

type Message = Map<string, string>;

class SystemdNotifier implements Notifier {
  readonly #program: NotifyProgram;
  readonly #log: Logger;
  /** In order, one at a time; undefined once there is nobody to send them. */
  #queue: Message[] | undefined = [];
  #sending = false;
  #status: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #complaint = '';

  constructor(program: NotifyProgram, log: Logger) {
    this.#program = program;
    this.#log = log;
  }

  ready(): void {
    this.#push({ READY: '1' });
  }

  reloading(): void {
    // On CLOCK_MONOTONIC, as hrtime is.
    this.#push({ RELOADING: '1', MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) });
  }

  stopping(): void {
    this.#push({ STOPPING: '1' });
  }

  status(text: string): void {
    this.#status = text;
    this.#timer ??= setTimeout(() => this.#join({}), STATUS_PAUSE).unref();
  }

  alive(): void {
    this.#join({ WATCHDOG: '1' });
  }

  /** A message of its own: what systemd is told before and after it must not be told at once. */
  #push(fields: Readonly<Record<string, string>>): void {
    this.#queue?.push(new Map());
    this.#join(fields);
  }

  /** Adds to the last message that has not been sent, and what is to be said anyway. */
  #join(fields: Readonly<Record<string, string>>): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const queue = this.#queue;
    if (queue === undefined) return;
    if (queue.length === 0) queue.push(new Map());
    const last = queue.at(-1)!;
    for (const [name, value] of Object.entries(fields)) last.set(name, value);
    if (this.#status !== undefined) last.set('STATUS', this.#status.replaceAll('\n', ' '));
    this.#status = undefined;
    if (!this.#sending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let message = this.#queue?.shift(); message !== undefined; message = this.#queue?.shift()) {
      try {
        await this.#program.send([...message].map(([name, value]) => `${name}=${value}`));
      } catch (fault) {
        this.#complain(fault as Error);
      }
    }
    this.#sending = false;
  }

  #complain(fault: Error): void {
    if (fault instanceof NoNotifyProgram) {
      this.#queue = undefined;
      this.#log.warn(
        'systemd waits to be told that the service is ready, and there is no program systemd-notify in PATH: ' +
          'install it (package systemd), or set Type=exec and WatchdogSec=0 by systemctl edit criproxy.service',
      );
      return;
    }
    if (fault.message === this.#complaint) return;
    this.#complaint = fault.message;
    this.#log.warn(`systemd was not told how the service is doing: ${fault.message}`);
  }
}
