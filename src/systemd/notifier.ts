import type { Logger } from '../base/logger.ts';
import { NoNotifyProgram, NotifyProgram } from './notify-program.ts';
import { NotifySocket } from './notify-socket.ts';

/** Tells systemd how the service is doing (sd_notify(3)). Nothing throws, and nothing is waited for. */
export interface Notifier {
  /** It serves: after the start, and after a reload. */
  ready(): void;
  /** A reload has begun; `ready` follows, whether or not it went well. */
  reloading(): void;
  stopping(): void;
  /** A line for a person: `systemctl status`. Of several in a short time only the last is sent. */
  status(text: string): void;
  /** From here on systemd waits so long for a sign of life, in ms; it does not where it takes no messages. */
  watch(patience: number): void;
  /** A sign of life for the watchdog. */
  alive(): void;
  /** Messages come from this process itself. */
  readonly speaksItself: boolean;
}

/** Where nobody wants to know. */
const silentNotifier: Notifier = {
  ready() {},
  reloading() {},
  stopping() {},
  status() {},
  watch() {},
  alive() {},
  speaksItself: false,
};

/** How long a new status waits for one that is newer, in ms. */
const STATUS_PAUSE = 200;

/** A way to systemd. `send` takes the assignments of one message. */
interface Sender {
  send(assignments: readonly string[]): Promise<void>;
}

/**
 * `socket`: the value of NOTIFY_SOCKET; without one nothing is ever started. `fd`: a datagram socket of systemd's, if it has
 * handed one over. `path`: where systemd-notify is looked for.
 */
export async function openNotifier(
  socket: string | undefined,
  fd: number | undefined,
  path: string | undefined,
  log: Logger,
): Promise<Notifier> {
  if (socket === undefined) return silentNotifier;
  const own = fd === undefined ? undefined : await connect(fd, socket, log);
  return new SystemdNotifier(own, new NotifyProgram(socket, path ?? ''), log);
}

async function connect(fd: number, socket: string, log: Logger): Promise<NotifySocket | undefined> {
  try {
    return await NotifySocket.connect(fd, socket);
  } catch (fault) {
    log.warn(`systemd is told by systemd-notify how the service is doing: ${socket}: ${(fault as Error).message}`);
    return undefined;
  }
}

type Message = Map<string, string>;

class SystemdNotifier implements Notifier {
  readonly #own: Sender | undefined;
  readonly #program: Sender;
  readonly #log: Logger;
  /** In order, one at a time; undefined once there is nobody to send them. */
  #queue: Message[] | undefined = [];
  #sending = false;
  #status: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #complaint = '';

  constructor(own: Sender | undefined, program: Sender, log: Logger) {
    this.#own = own;
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

  watch(patience: number): void {
    this.#push({ WATCHDOG_USEC: String(Math.round(patience * 1000)) });
  }

  alive(): void {
    this.#join({ WATCHDOG: '1' });
  }

  get speaksItself(): boolean {
    return this.#own !== undefined;
  }

  /** A message of its own: earlier and later states must not be merged with it. */
  #push(fields: Readonly<Record<string, string>>): void {
    this.#queue?.push(new Map());
    this.#join(fields);
  }

  /** Merges a state into the last message that has not been sent. */
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
        await this.#send([...message].map(([name, value]) => `${name}=${value}`));
      } catch (fault) {
        this.#complain(fault as Error);
      }
    }
    this.#sending = false;
  }

  /** Where systemd does not take it from this process, a program may still have more luck. */
  async #send(assignments: readonly string[]): Promise<void> {
    try {
      if (this.#own !== undefined) return await this.#own.send(assignments);
    } catch (fault) {
      this.#complain(fault as Error);
    }
    await this.#program.send(assignments);
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
