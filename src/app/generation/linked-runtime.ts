import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { greet } from '../../cri/ask/greet.ts';
import type { Greeting } from '../../cri/read/greeting.ts';
import type { Faults } from '../../faults/faults.ts';
import { faultyCalls } from '../../faults/faulty-calls.ts';
import type { Runtime, RuntimeState } from '../../routing/port/runtime.ts';
import { heardCalls, Silence } from '../../routing/port/silence.ts';
import { Link, type LinkState } from '../../transport/link/link.ts';
import type { Dial } from '../../transport/session.ts';
import { realSocket } from '../../transport/sockets/same-socket.ts';
import { type CallWatch, watchedCalls } from '../../watch/call-watch.ts';

/** A runtime's id, empty for the primary, and the path of its socket. */
export interface RuntimeAddress {
  readonly id: string;
  readonly path: string;
}

export interface LinkedRuntime extends Runtime, RuntimeAddress {
  start(): void;
  /** It is known to have been up before the proxy started. */
  noteSeen(): void;
  stop(): void;
  /** Keeps its connection, if there is one, until `over` resolves, and from then on for as long as a call is on it. */
  leave(over: Promise<void>): Promise<void>;
  /** Resolves when it is known whether the runtime is up now. */
  readonly tried: Promise<void>;
}

/**
 * A runtime behind a link that is kept up. `seen`: it is known to have been up, at this socket or another. `faults`: the faults to
 * inject into its calls.
 */
export function linkedRuntime(
  { id, path }: RuntimeAddress,
  dial: Dial,
  watch: CallWatch,
  log: Logger,
  seen = false,
  faults?: Faults,
): LinkedRuntime {
  const link = new Link<Greeting>({
    name: runtimeName(id),
    path,
    dial,
    greet,
    describe: ({ runtimeName, runtimeVersion, packages }) =>
      `${runtimeName} ${runtimeVersion}, serves ${packages.join(', ')}`,
    seen,
    isOptional: id !== '',
    log,
    about: { runtime: id },
  });
  let state = runtimeState(link.state);
  const silence = new Silence();
  const changes = { up: 0, down: 0 };
  const listeners = new Set<(state: RuntimeState) => void>();
  link.onChange(changed => {
    // Another reason for being down is no change of state.
    if (changed.kind !== state.kind) changes[changed.kind]++;
    state = runtimeState(changed);
    silence.reset();
    for (const listener of [...listeners]) listener(state);
  });
  const calls = faults === undefined ? link : faultyCalls(id, link, faults, () => cut(link));
  return {
    id,
    path,
    socket: realSocket(path),
    get state() {
      return state;
    },
    changes,
    waits: link.waits,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    silence,
    ...watchedCalls(id, heardCalls(calls, silence), watch),
    start: () => link.start(),
    noteSeen() {
      link.noteSeen();
      state = runtimeState(link.state);
    },
    tried: link.tried,
    stop: () => link.stop(),
    async leave(over) {
      link.leave();
      await over;
      await link.endWhenIdle();
      link.stop();
    },
  };
}

/** Ends the connection as the runtime's end does; another one is made at once. */
function cut({ state }: Link<Greeting>): void {
  if (state.kind === 'up') state.session.close();
}

function runtimeState(state: LinkState<Greeting>): RuntimeState {
  if (state.kind === 'down') return state;
  return { kind: 'up', since: state.since, ...state.greeting };
}
