import type { Process } from './connections.ts';
import type { Files } from './disk.ts';

/** How a service is doing: systemd's ActiveState, its main process (0 when it does not run), and systemd's own restarts. */
export interface ServiceState {
  readonly active: string;
  readonly pid: number;
  readonly restarts: number;
}

/** When a unit was restarted, in ms since 1970, and its main process before, which may have written to the log since. */
export interface Restart {
  readonly time: number;
  readonly oldPid: number;
}

/** An answer of a runtime to Version. */
export interface RuntimeAnswer {
  readonly name: string;
  readonly version: string;
}

/** The facts that stat(2) gives of a file; `mode` is the twelve bits of permission, `path` is without links. */
export interface FileFacts {
  readonly kind: 'socket' | 'folder' | 'file' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
}

/**
 * A runtime as the daemon has it. `pods`: how many it had in its last list; undefined if the daemon has none. `isLost`: it has been on
 * this node, and its last list is lost.
 */
export interface DaemonRuntime {
  readonly id: string;
  readonly socket: string;
  readonly isPrimary: boolean;
  readonly pods: number | undefined;
  readonly isLost: boolean;
}

/** The machine that is being set up: everything that the set-up does to it but through its files. */
export interface Host {
  readonly files: Files;
  /** Why services cannot be started here (a container image being built); undefined if they can. */
  readonly noServices: string | undefined;
  /** The answer of a program to --version; its output and the reason of its end, if that failed. */
  askVersion(command: readonly string[]): string;
  /**
   * Takes the lock that one set-up at a time has, and resolves with a function that gives it back. Throws a SetupError if it is taken.
   */
  lock(): Promise<() => void>;
  /** Runs systemctl: a verb, and units; throws a SetupError with its output. */
  systemctl(...args: string[]): Promise<void>;
  serviceState(unit: string): Promise<ServiceState>;
  /** The last lines that a unit's processes wrote to the log, or the lines of one restart. */
  readLog(unit: string, restart?: Restart): Promise<string>;
  /** Undefined for a path without a file; throws the system's error for a file that this user may not look at. */
  stat(path: string): FileFacts | undefined;
  /** The processes of a unit, its main process first; none where systemd does not run it, or does not run. */
  processes(unit: string): readonly Process[];
  /** The services that have a process called kubelet now. */
  kubeletUnits(): readonly string[];
  /** The unix sockets that a process is connected to, as paths; undefined where that cannot be told. */
  connections(pid: number): readonly string[] | undefined;
  /** Whether the kubelet's health endpoint (healthzPort of KubeletConfiguration, 10248) says that it has come up. */
  isKubeletHealthy(): Promise<boolean>;
  /** Asks a CRI socket for Version and ImageFsInfo, again and again for `ms`; throws the last error in words. */
  probe(socket: string, ms: number): Promise<RuntimeAnswer>;
  /** Whether a process takes connections on a unix socket. */
  isListening(socket: string): Promise<boolean>;
  /** The runtimes of the running daemon; undefined if it does not say. */
  askDaemon(): Promise<readonly DaemonRuntime[] | undefined>;
  /** A runtime's pods that are ready, as `namespace/name`; throws the error in words. */
  listPods(socket: string): Promise<readonly string[]>;
  /** The machine's name, by which the cluster knows it unless the kubelet has another. */
  readonly name: string;
  /** How many connections there are to a unix socket (proc(5), /proc/net/unix). */
  countConnections(socket: string): number;
  sleep(ms: number): Promise<void>;
  /** Keeps the program of `criproxy setup install`, and its unit, so that restoreProgram can go back to them. */
  keepProgram(): void;
  /**
   * Puts a program in the place of the installed one, which is kept beside it as criproxy.failed, and its unit, which is
   * criproxy.service.previous beside it, in the place of that one's; false if there is no such program. Over file systems too.
   */
  restoreProgram(from: string): boolean;
}
