import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The result of a command on the node; `status` is 127 where it could not be started. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  /** Its errors; of a command that changes the node, all that it wrote. */
  readonly said: string;
}

/** The node, as a container of its pid namespace has it that may enter the others. */
export interface NodeAccess {
  /** The path here of a file of the node; not over absolute links. */
  path(inside: string): string;
  /** Runs a command on the node, which changes nothing. */
  look(...words: readonly string[]): Promise<Ran>;
  /** Runs a command that changes the node. It goes on to its end when this container ends. */
  change(...words: readonly string[]): Promise<Ran>;
}

/** Enters the mount, UTS, IPC and network namespaces of the node's first process, with its root and its working folder. */
const ENTER = ['/bin/busybox', 'nsenter', '-t', '1', '-m', '-u', '-i', '-n', '-r', '-w', '--'];

const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
};

/** Where a command that changes the node writes. */
const OUTPUT = '/run/criproxy-installer.log';

/**
 * A scope of its own: systemd ends it neither with this container's cgroup nor for what that uses of its limits. A file, and no
 * pipe, which would end the command with this process.
 */
const APART = ['systemd-run', '--scope', '--quiet', '--', 'sh', '-c', 'exec "$@" > "$0" 2>&1', OUTPUT];

function run(words: readonly string[]): Promise<Ran> {
  const [program, ...args] = [...ENTER, ...words];
  return new Promise(resolve => {
    execFile(program!, args, { env: environment, maxBuffer: 16 << 20 }, (fault, stdout, stderr) => {
      const status = fault === null ? 0 : typeof fault.code === 'number' ? fault.code : 127;
      resolve({ status, stdout, said: stderr || (status === 127 ? fault!.message : '') });
    });
  });
}

/** `root`: the node's root, as this container sees it. */
export function openNodeAccess(root = '/proc/1/root'): NodeAccess {
  const path = (inside: string) => join(root, inside);
  return {
    path,
    look: (...words) => run(words),
    change: async (...words) => {
      rmSync(path(OUTPUT), { force: true });
      const ran = await run([...APART, ...words]);
      const said = existsSync(path(OUTPUT)) ? readFileSync(path(OUTPUT), 'utf8') : '';
      return { ...ran, said: said || ran.said };
    },
  };
}
