import type { Logger } from '../base/logger.ts';
import type { Greeting } from '../cri/greeting.ts';
import type { Runtime, RuntimeState } from '../routing/runtime.ts';
import { Link, type LinkState } from '../transport/link.ts';
import type { Dial } from '../transport/session.ts';
import { greet } from './greet.ts';

/** Where a runtime is: its id in `-connect`, empty for the primary, and the path of its socket. */
export interface RuntimeAddress {
  readonly id: string;
  readonly path: string;
}

export interface LinkedRuntime extends Runtime {
  start(): void;
  stop(): void;
  /** Resolves when it is known whether the runtime is up now. */
  readonly tried: Promise<void>;
}

/** A runtime behind a link that is kept up. */
export function linkedRuntime({ id, path }: RuntimeAddress, dial: Dial, log: Logger): LinkedRuntime {
  const link = new Link<Greeting>({
    name: id === '' ? 'the primary runtime' : `runtime ${id}`,
    path,
    dial,
    greet,
    describe: ({ runtimeName, runtimeVersion, packages }) =>
      `${runtimeName} ${runtimeVersion}, serves ${packages.join(', ')}`,
    log,
  });
  let state = runtimeState(link.state);
  const listeners = new Set<(state: RuntimeState) => void>();
  link.onChange(changed => {
    state = runtimeState(changed);
    for (const listener of [...listeners]) listener(state);
  });
  return {
    id,
    get state() {
      return state;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    call: (callPath, request, options) => link.call(callPath, request, options),
    stream: (callPath, requests, options) => link.stream(callPath, requests, options),
    start: () => link.start(),
    tried: link.tried,
    stop: () => link.stop(),
  };
}

function runtimeState(state: LinkState<Greeting>): RuntimeState {
  if (state.kind === 'down') return state;
  return { kind: 'up', since: state.since, ...state.greeting };
}
