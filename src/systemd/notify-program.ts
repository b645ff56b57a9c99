import type { ChildProcess } from 'node:child_process';

/** How long one run may take, in ms: by default it waits 5 s for systemd to have read the message. */
const PATIENCE = 10_000;

/** From this release on systemd-notify waits until systemd has read the message (systemd's NEWS, 246). */
const WAITS_SINCE = 246;

/**
 * systemd finds a message's service by the process that sent it, which must still be there then. One that nobody waits for
 * stays, as a zombie, until its parent ends.
 */
const linger = ['sh', '-c', '"$@" & exec sleep 2', 'sh'];

/** There is no program systemd-notify on this machine. */
export class NoNotifyProgram extends Error {}

/** The program systemd-notify: Node.js has no datagram sockets of the unix family, which systemd takes messages on. */
export class NotifyProgram {
  readonly #env: NodeJS.ProcessEnv;
  readonly #words: Promise<readonly string[]>;

  /** `socket`: the value of NOTIFY_SOCKET. `path`: where programs are looked for, as PATH. */
  constructor(socket: string, path: string) {
    this.#env = { PATH: path, NOTIFY_SOCKET: socket };
    this.#words = this.#findWords();
    // The caller gets the fault.
    this.#words.catch(() => {});
  }

  /** Sends assignments as one message. Rejects with a NoNotifyProgram, or in words. */
  async send(assignments: readonly string[]): Promise<void> {
    await this.#run([...(await this.#words), ...assignments]);
  }

  async #findWords(): Promise<readonly string[]> {
    const said = await this.#run(['systemd-notify', '--version']);
    const release = Number(/^systemd (\d+)/.exec(said)?.[1] ?? WAITS_SINCE);
    return [...(release < WAITS_SINCE ? linger : []), 'systemd-notify'];
  }

  /** Resolves with the program's output. */
  async #run([program, ...args]: readonly string[]): Promise<string> {
    // Loaded only under systemd.
    const { spawn } = await import('node:child_process');
    const child = spawn(program!, args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE });
    return outcome(child);
  }
}

function outcome(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stdout?.setEncoding('utf8').on('data', text => {
      out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', text => {
      err += text;
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new NoNotifyProgram(error.message) : error),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`systemd-notify ended with ${code ?? signal}: ${err.trim()}`));
    });
  });
}
