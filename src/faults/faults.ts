import { globMatcher } from '../base/glob.ts';
import type { Logger } from '../base/logger.ts';
import { type ActiveFault, describeRule, type FaultEnd, type FaultRule } from './fault-rule.ts';

/** The fault for one call: a delay in ms, then an end. `cleared` is aborted when the rule of the end is cleared. */
export interface Verdict {
  readonly delay: number;
  readonly end: FaultEnd | undefined;
  readonly cleared: AbortSignal;
}

interface Entry {
  readonly id: number;
  readonly rule: FaultRule;
  readonly fits: (method: string) => boolean;
  readonly clearing: AbortController;
  hits: number;
}

const never = new AbortController().signal;

/** The faults that are injected into calls to runtimes, for tests of a node. None at the start. */
export class Faults {
  private readonly log: Logger;
  private readonly random: () => number;
  private entries: readonly Entry[] = [];
  private last = 0;
  /** How many calls have met a fault. */
  injected = 0;

  /** `random`: from 0 to 1, as Math.random. */
  constructor(log: Logger, random: () => number = Math.random) {
    this.log = log;
    this.random = random;
  }

  /** Whether any call can be hit. */
  get isActive(): boolean {
    return this.entries.some(entry => !isSpent(entry));
  }

  /** Resolves with its id. Rules are tried in the order in which they came. */
  add(rule: FaultRule): number {
    this.last++;
    const entry = { id: this.last, rule, fits: globMatcher(rule.method), clearing: new AbortController(), hits: 0 };
    this.entries = [...this.entries, entry];
    this.log.warn(`fault ${entry.id} is injected from now on: ${describeRule(rule)}`);
    return entry.id;
  }

  /** Takes one back, or all; calls that hang because of it end. Returns how many there were. */
  clear(id?: number): number {
    const gone = this.entries.filter(entry => id === undefined || entry.id === id);
    this.entries = this.entries.filter(entry => !gone.includes(entry));
    for (const { id: each, rule, hits, clearing } of gone) {
      this.log.warn(`fault ${each} is cleared after ${hits} call${hits === 1 ? '' : 's'}: ${describeRule(rule)}`);
      clearing.abort();
    }
    return gone.length;
  }

  list(): ActiveFault[] {
    return this.entries.map(entry => ({
      id: entry.id,
      rule: entry.rule,
      hits: entry.hits,
      isSpent: isSpent(entry),
    }));
  }

  /** For a status: a sentence a rule that is in force. */
  warnings(): string[] {
    return this.list()
      .filter(fault => !fault.isSpent)
      .map(({ id, rule }) => `fault ${id} is injected: ${describeRule(rule)}`);
  }

  /** The fault for a call; undefined without one. Delays of several rules add up, and the first end counts. */
  meet(runtime: string, method: string): Verdict | undefined {
    let delay = 0;
    let isHit = false;
    for (const entry of this.entries) {
      const { rule } = entry;
      if (isSpent(entry) || (rule.runtime !== undefined && rule.runtime !== runtime) || !entry.fits(method)) continue;
      if (rule.probability < 1 && this.random() >= rule.probability) continue;
      entry.hits++;
      if (!isHit) this.injected++;
      isHit = true;
      if (isSpent(entry)) this.log.warn(`fault ${entry.id} has hit its ${entry.hits} calls: ${describeRule(rule)}`);
      delay += rule.delay;
      if (rule.end !== undefined) return { delay, end: rule.end, cleared: entry.clearing.signal };
    }
    return isHit ? { delay, end: undefined, cleared: never } : undefined;
  }
}

function isSpent({ rule, hits }: Entry): boolean {
  return rule.times !== undefined && hits >= rule.times;
}
