import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitOf, spawnTied, waitFor } from './child.ts';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program in a terminal of its own, seen as a person sees it. */
export interface Terminal {
  /** The lines on the screen, without spaces at their ends and without empty lines at the end. */
  screen(): string[];
  /** The screen with the escape codes of colours. */
  colours(): string;
  /** Presses keys, by tmux's names: `C-c`, `Enter`. */
  press(...keys: readonly string[]): void;
  /** The exit status in a shell's form; undefined while the program runs. */
  exitStatus(): number | undefined;
  close(): Promise<void>;
}

/** The screen stays when the program has ended; the status line is tmux's own. */
const config = `set -g remain-on-exit on
set -g remain-on-exit-format ""
set -g status off
set -g default-terminal "screen-256color"
`;

/** Notes the end of the program: tmux itself forgets it now and then. A Ctrl-C is for the program alone. */
const wrapper = 'trap : INT; "$@"; echo $? > "$0"';

/** Runs a program in tmux, in a terminal of 80 by 24 by default. Needs package tmux. */
export async function openTerminal(
  command: readonly string[],
  { columns = 80, rows = 24, env = {} }: TerminalOptions = {},
): Promise<Terminal> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-terminal-'));
  const socket = join(dir, 'tmux.sock');
  const status = join(dir, 'status');
  writeFileSync(join(dir, 'tmux.conf'), config);
  const variables = { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' };
  const server = spawnTied('tmux', ['-u', '-S', socket, '-f', join(dir, 'tmux.conf'), '-D'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: variables,
  });
  const tmux = (...args: readonly string[]) =>
    execFileSync('tmux', ['-u', '-S', socket, ...args], { encoding: 'utf8', env: variables });
  const close = async () => {
    server.kill('SIGTERM');
    await exitOf(server);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor('tmux', () => existsSync(socket) || undefined);
    const size = ['-x', String(columns), '-y', String(rows)];
    const given = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    tmux('new-session', '-d', ...size, ...given, '--', 'sh', '-c', wrapper, status, ...command);
  } catch (fault) {
    await close();
    throw fault;
  }
  return {
    screen: () => {
      const text = tmux('capture-pane', '-p');
      return text.trimEnd() === ''
        ? []
        : text
            .trimEnd()
            .split('\n')
            .map(line => line.trimEnd());
    },
    colours: () => tmux('capture-pane', '-p', '-e'),
    press: (...keys) => void tmux('send-keys', ...keys),
    exitStatus: () => {
      const text = existsSync(status) ? readFileSync(status, 'utf8') : '';
      // All output is on the screen only then.
      const isDrawn = text.endsWith('\n') && tmux('display-message', '-p', '#{pane_dead}').trim() === '1';
      return isDrawn ? Number(text) : undefined;
    },
    close,
  };
}
