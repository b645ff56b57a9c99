import type { RoutingSettings } from './routing-settings.ts';
import type { Runtimes } from './runtimes.ts';

/** What calls are routed by. Never changed: another one takes its place. */
export interface Rules {
  readonly runtimes: Runtimes;
  readonly settings: RoutingSettings;
}

/** The rules in force, for calls that outlast a change of the configuration: streams of events. */
export class Turnover {
  private readonly listeners = new Set<(rules: Rules) => void>();
  /** Undefined as long as they have never changed. */
  rules: Rules | undefined;

  /** Calls back at each change, until the returned function is called. */
  onChange(listener: (rules: Rules) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(rules: Rules): void {
    this.rules = rules;
    for (const listener of [...this.listeners]) listener(rules);
  }
}
