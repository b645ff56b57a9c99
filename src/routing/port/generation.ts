import type { RoutingSettings } from './routing-settings.ts';
import type { Runtimes } from './runtimes.ts';

/** The knowledge that calls are routed by. Never changed: the next generation takes its place. */
export interface Generation {
  readonly runtimes: Runtimes;
  readonly settings: RoutingSettings;
}

/** The generation in force, for calls that outlast a change of the configuration: streams of events. */
export class LatestGeneration {
  private readonly listeners = new Set<(generation: Generation) => void>();
  private latest: Generation | undefined;

  /** Undefined as long as it is the first. */
  get(): Generation | undefined {
    return this.latest;
  }

  /** Calls back at each change, until the returned function is called. */
  onChange(listener: (generation: Generation) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(generation: Generation): void {
    this.latest = generation;
    for (const listener of [...this.listeners]) listener(generation);
  }
}
