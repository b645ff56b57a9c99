import type { Process } from './connections.ts';
import type { Files } from './disk.ts';

/** How a service is doing: systemd's ActiveState, its main process (0 when it does not run), and systemd's own restarts. */
export interface ServiceState {
  readonly active: string;
  readonly pid: number;
  readonly restarts: number;
}

/** An answer of a runtime to Version. */
export interface RuntimeAnswer {
  readonly name: string;
  readonly version: string;
}

/** What stat(2) says of a file; `mode` is the twelve bits of permission, `path` is without links. */
export interface FileFacts {
  readonly kind: 'socket' | 'folder' | 'file' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
}

/** The machine that is being set up: everything that the set-up does to it but through its files. */
export interface Host {
  readonly files: Files;
  /** Why services cannot be started here (a container image being built); undefined if they can. */
  readonly noServices: string | undefined;
  /** What a program answers to --version; what it said, and why it ended, if that failed. */
  askVersion(command: readonly string[]): string;
  /** Runs systemctl: a verb, and units; throws a SetupError with what it said. */
  systemctl(...args: string[]): Promise<void>;
  serviceState(unit: string): Promise<ServiceState>;
  /** The last lines of a unit's log. */
  readLog(unit: string): Promise<string>;
  /** Undefined for what is not there; throws the system's error for what may not be looked at. */
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
  /** Whether somebody takes connections on a unix socket. */
  isListening(socket: string): Promise<boolean>;
  sleep(ms: number): Promise<void>;
  /**
   * Puts a program in the place of the installed one, which is kept beside it as criproxy.failed, and its unit, which is
   * criproxy.service.previous beside it, in the place of that one's; false if there is no such program.
   */
  restoreProgram(from: string): boolean;
}
