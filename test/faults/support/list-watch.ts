import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/child.ts';
import type { CriClient } from '../../support/cri-client.ts';
import { itemsOf } from './routed.ts';

/** How long a client waits for a list, in ms: longer than the slowest machine needs, so that its end means a list that hangs. */
const PATIENCE = 30_000;

/**
 * The bound of a list, in ms: the budget of the runtimes, and the share of a busy machine. A test's fault must keep a runtime silent for
 * longer.
 */
export const LONGEST = 8_000;

type List = 'ListPodSandbox' | 'ListContainers';

/** A client that lists pods and containers again and again, whatever happens, and compares every answer with the living ones. */
export class ListWatch {
  /** The faults of answers. */
  readonly problems: string[] = [];
  answers = 0;
  /** The time of the slowest list, in ms. */
  slowest = 0;
  private readonly client: CriClient;
  private readonly pause: number;
  private readonly living: Record<List, Map<string, number>> = { ListPodSandbox: new Map(), ListContainers: new Map() };
  private readonly dead = new Map<string, number>();
  private readonly under = new Set<Promise<void>>();
  private stopped = false;
  private readonly loop: Promise<void>;

  constructor(
    client: CriClient,
    { pods, containers, pause = 100 }: { pods: string[]; containers: string[]; pause?: number },
  ) {
    this.client = client;
    this.pause = pause;
    for (const id of pods) this.add('ListPodSandbox', id);
    for (const id of containers) this.add('ListContainers', id);
    this.loop = this.run();
  }

  /** The item must be listed from now on. */
  add(list: List, id: string): void {
    this.living[list].set(id, performance.now());
  }

  /** The item is about to be removed: it may be listed or not. */
  leave(list: List, id: string): void {
    this.living[list].delete(id);
  }

  /** The item must not be listed from now on. */
  bury(list: List, id: string): void {
    this.leave(list, id);
    this.dead.set(id, performance.now());
  }

  /** Resolves when the lists under way have ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop;
    await Promise.all(this.under);
  }

  /** Resolves when so many more lists are answered. */
  async more(count: number): Promise<void> {
    const enough = this.answers + count;
    await waitFor(`${count} more lists`, () => this.answers >= enough || undefined, { timeout: 60_000, pause: 20 });
  }

  /** The problems since the last time. */
  take(): string[] {
    return this.problems.splice(0);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      for (const list of ['ListPodSandbox', 'ListContainers'] as const) {
        const call = this.ask(list);
        this.under.add(call);
        void call.then(() => this.under.delete(call));
      }
      await sleep(this.pause);
    }
  }

  private async ask(list: List): Promise<void> {
    const asked = performance.now();
    const { code, details, response } = await this.client.ask(list, {}, { deadline: PATIENCE });
    this.answers++;
    this.slowest = Math.max(this.slowest, performance.now() - asked);
    if (response === undefined) {
      this.problems.push(`${list} failed with ${code}: ${details}`);
      return;
    }
    const found = new Map<string, number>();
    for (const { id } of itemsOf(response)) found.set(id, (found.get(id) ?? 0) + 1);
    for (const [id, since] of this.living[list]) {
      const times = found.get(id) ?? 0;
      if (since < asked && times !== 1) this.problems.push(`${list} has ${id.slice(0, 12)} ${times} times`);
    }
    for (const id of found.keys()) {
      const since = this.dead.get(id);
      if (since !== undefined && since < asked) this.problems.push(`${list} has ${id.slice(0, 12)}, which was removed`);
    }
  }
}
