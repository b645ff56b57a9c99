import type { Message } from '../../support/cri-types.ts';
import { pass } from '../../support/virtual-time.ts';
import { type Random, seeded } from '../../wire/seeded.ts';
import { delayOf, type Engine, SLOW } from './engine.ts';
import { Knowledge } from './knowledge.ts';
import type { Kind } from './lives.ts';
import { moves } from './moves.ts';
import type { PlacedPod } from './placement-moves.ts';
import { type Answer, type AskOptions, type Config, ProxyLab } from './proxy-lab.ts';

/** The least time of the proxy's own question to a runtime, in ms. */
const ONE_QUESTION = 100_000;

/** The longest time of a call of the proxy's own, in ms. */
const LONGEST = 300_000;

/** An answer that must not occur. */
export class Lie extends Error {}

/** Engines, a proxy in front of them, and its possible knowledge of them. */
export class World {
  readonly lab: ProxyLab;
  readonly knowledge: Knowledge;
  readonly trace: string[] = [];
  readonly counts = new Map<string, number>();
  /** The last samples that the proxy has had of its containers from the engine. */
  readonly samples = new Map<Engine, { readonly at: number; readonly ids: readonly string[] }>();
  /** Pods that were started without the name of a runtime, by uid. */
  readonly placed = new Map<string, PlacedPod>();
  /** Kinds of lists that engines have let clients wait for, and have not answered since. */
  private readonly late = new Map<Engine, Map<Kind, number>>();
  /** The time of the last damage to files: new ones are written a little later. */
  damagedAt = 0;
  /** Engines that have answered Version since this proxy was started. */
  readonly greeted = new Set<Engine>();
  /** The random source of this step. */
  random: Random = seeded(0);
  number = 0;

  private constructor(lab: ProxyLab, config: Config) {
    this.lab = lab;
    this.knowledge = new Knowledge(lab.engines, config);
  }

  /** Three engines, all up, and a proxy that has met them. */
  static async open(base: string): Promise<World> {
    const lab = new ProxyLab(base, ['red', 'green', 'blue']);
    const [red, green, blue] = lab.engines as [Engine, Engine, Engine];
    const parties = [
      { id: '', engine: red },
      { id: 'alt', engine: green },
      { id: 'kata', engine: blue },
    ] as const;
    const world = new World(lab, { parties, ids: 'prefixed' });
    await lab.start(world.knowledge.config);
    for (const engine of lab.engines) world.meet(engine);
    // The proxy's knowledge is on the disk soon.
    await pass(2_000);
    return world;
  }

  /** One step; its kind depends on the seed, the number of the step and the state. Rejects with a Lie. */
  async step(seed: number, number: number): Promise<void> {
    this.random = seeded(seed * 100_003 + number);
    this.number = number;
    const move = this.random.pick(moves);
    this.count(move.name);
    await move(this);
    this.knowledge.observe();
  }

  /** Ends all activity, so that none is left for the next world. */
  async close(): Promise<void> {
    for (const engine of this.lab.engines) engine.set(undefined);
    await this.lab.remove();
    await pass(LONGEST);
  }

  get engine(): Engine {
    return this.random.pick(this.knowledge.engines);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  note(text: string): void {
    this.trace.push(text);
  }

  /** Whether the engine answers calls, if not lists. */
  isUp(engine: Engine): boolean {
    return engine.isUp && engine.fault !== 'hang' && engine.fault !== 'error';
  }

  isDown(engine: Engine): boolean {
    return !engine.isUp;
  }

  /** Whether its lists may be too old to tell that something is gone: it has not answered since the proxy was started. */
  isDoubtful(engine: Engine): boolean {
    return !this.greeted.has(engine);
  }

  /** Whether no client has to wait for this list of the engine: it is answered or refused at once, or a client waited for it before. */
  isLate(engine: Engine, kind: Kind): boolean {
    if (engine.fault === 'hang' && engine.isUp)
      return Date.now() - (this.late.get(engine)?.get(kind) ?? 0) < ONE_QUESTION;
    return delayOf(engine) === 0 && engine.fault !== 'filters' && this.knowledge.of.get(engine) === 'known';
  }

  /** A client has waited for this list for the longest time of a list. */
  noteLate(kind: Kind): void {
    for (const engine of this.lab.engines) {
      if (engine.fault !== 'hang') this.late.delete(engine);
      else if (!this.isLate(engine, kind))
        this.late.set(engine, (this.late.get(engine) ?? new Map()).set(kind, Date.now()));
    }
  }

  /** Makes the engine healthy; it has done the calls that it got meanwhile. */
  async heal(engine: Engine): Promise<void> {
    const { isUp } = engine;
    this.late.delete(engine);
    this.note(`${engine.name} is well again`);
    engine.set(undefined);
    await pass(SLOW);
    this.knowledge.observe();
    if (!isUp) this.meet(engine);
  }

  /** A call whose client has gone may still be done. */
  async letFinish(engine: Engine, { code }: Pick<Answer, 'code'>): Promise<void> {
    if (code === 0 || delayOf(engine) === 0) return;
    await pass(SLOW);
    this.knowledge.observe();
  }

  /** The engine has left the node. */
  forget(engine: Engine): void {
    this.knowledge.of.set(engine, 'never');
    this.samples.delete(engine);
    this.greeted.delete(engine);
  }

  /** The proxy has tried to connect to the engine. */
  meet(engine: Engine): void {
    const isWell = engine.fault === undefined || engine.fault === 'filters';
    if (!isWell || !this.knowledge.engines.includes(engine)) return;
    this.knowledge.meet(engine);
    this.greeted.add(engine);
  }

  async ask(method: string, request: Message, options: AskOptions): Promise<Answer> {
    const answer = await this.lab.ask(method, request, options);
    const told = JSON.stringify(request).replaceAll(/[0-9a-f]{64}/g, id => id.slice(0, 8));
    this.note(`${method} ${told} patience ${options.patience}: ${answer.code} ${answer.text} after ${answer.took} ms`);
    return answer;
  }

  insist(isTrue: boolean, lie: string): void {
    if (!isTrue) throw new Lie(lie);
  }
}
