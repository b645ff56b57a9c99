import { test } from 'tap';
import type { FakePort } from '../../faults/support/fake-port.ts';
import { type Form, History, type Kind } from '../../faults/support/history.ts';
import { passes } from '../../faults/support/pod-model.ts';
import { containerConfig, itemsOf, podConfig, Routed, settled } from '../../faults/support/routed.ts';
import type { Message } from '../../support/cri-types.ts';
import { type Random, seeded } from '../../wire/seeded.ts';

const STEPS = 1_500;
const lists = { pods: 'ListPodSandbox', containers: 'ListContainers', images: 'ListImages' } as const;

/** Random calls and faults against two runtimes, and lists that are held against what the runtimes really have had. */
class World {
  readonly lab = new Routed({ listTimeout: 15, primaryWait: 1 });
  readonly random: Random;
  readonly trace: string[] = [];
  readonly counts = { lists: 0, fromSnapshots: 0, underWay: 0, changes: 0, faults: 0 };
  private readonly histories: ReadonlyMap<FakePort, History>;
  private step = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
    this.histories = new Map(
      this.lab.ports.map(port => [port, new History(port.model, port.id === '' ? '' : `${port.id}__`)]),
    );
  }

  async run(): Promise<void> {
    await this.lab.up();
    const moves = [this.change, this.change, this.change, this.list, this.list, this.fault, this.changeByItself];
    while (this.step < STEPS) {
      this.step++;
      if (this.random.chance(0.1)) await this.listWhileChanging();
      else await this.random.pick(moves).call(this);
    }
  }

  private note(text: string): void {
    this.trace.push(`${this.step} ${text}`);
    if (this.trace.length > 40) this.trace.shift();
  }

  private observe(told: boolean): void {
    for (const history of this.histories.values()) history.observe(this.step, told);
  }

  /** A call that changes something; its runtime may fail it, or do it and die before it says so. */
  private async change(): Promise<void> {
    const port = this.random.pick(this.lab.ports);
    if (port.mode === 'hang') return;
    port.losesAnswer = this.random.chance(0.03);
    const [method, request] = this.randomCall(port);
    const { code } = await this.lab.fault(method, request);
    port.losesAnswer = false;
    this.note(`${port.id || 'primary'} ${method} ${code}`);
    this.counts.changes++;
    // What is pulled is listed anew, in the background.
    this.observe(code === 0 && method !== 'PullImage');
    await settled();
  }

  private randomCall(port: FakePort): [method: string, request: Message] {
    const { random } = this;
    const prefix = port.id === '' ? '' : 'alt__';
    const anyOf = (items: ReadonlyMap<string, unknown>) => prefix + (random.pick([...items.keys()]) ?? 'none');
    const { pods, containers } = port.model.state;
    const name = `n${this.step}`;
    const labels = { app: random.pick(['web', 'db']) };
    // A bare name is removed from whoever has it, and one that hangs would not do it.
    const image = { image: random.pick(port.id === '' ? ['a:1', 'b:1', 'c:1'] : ['alt/x:1', 'alt/y:1', 'alt/z:1']) };
    const calls: ReadonlyArray<() => [string, Message]> = [
      () => ['RunPodSandbox', podConfig(name, port.id !== '', labels)],
      () => ['CreateContainer', containerConfig(anyOf(pods), name, labels)],
      () => ['CreateContainer', containerConfig(anyOf(pods), name, labels)],
      () => ['StartContainer', { container_id: anyOf(containers) }],
      () => ['StopContainer', { container_id: anyOf(containers) }],
      () => ['RemoveContainer', { container_id: anyOf(containers) }],
      () => ['StopPodSandbox', { pod_sandbox_id: anyOf(pods) }],
      () => ['RemovePodSandbox', { pod_sandbox_id: anyOf(pods) }],
      () => ['PullImage', { image }],
      () => ['RemoveImage', { image }],
    ];
    const drop = pods.size > 12 ? calls[7]! : undefined;
    return (drop ?? random.pick(calls))();
  }

  /** A container that ends without a call. */
  private async changeByItself(): Promise<void> {
    const port = this.random.pick(this.lab.ports);
    const running = [...port.model.state.containers.values()].filter(item => item['state'] === 'CONTAINER_RUNNING');
    const container = this.random.pick(running);
    if (container === undefined) return;
    container['state'] = 'CONTAINER_EXITED';
    this.note(`${port.id || 'primary'} ${container['id'].slice(0, 6)} ends`);
    this.observe(false);
  }

  private async fault(): Promise<void> {
    const port = this.random.pick(this.lab.ports);
    const how = this.random.pick(['down', 'hang', 'error', 'heal', 'heal', 'heal']);
    this.note(`${port.id || 'primary'} ${how}`);
    this.counts.faults++;
    if (how === 'heal') {
      port.goOn();
      if (port.state.kind === 'down') port.up();
    } else if (how === 'down') port.down();
    else if (how === 'hang' && port.mode === 'ok') port.hang();
    else if (how === 'error') port.mode = 'error';
    await settled();
    this.observe(false);
  }

  private async list(): Promise<void> {
    const kind = this.random.pick(['pods', 'containers', 'images'] as const);
    const filter = this.randomFilter(kind);
    const asked = this.lab.ports.map(port => port.asked.length);
    const from = this.step;
    const answer = await this.lab.call(lists[kind], filter === undefined ? {} : { filter });
    this.note(`${lists[kind]} ${JSON.stringify(filter)}`);
    this.observe(false);
    this.check(kind, filter, itemsOf(answer), from);
    for (const [index, port] of this.lab.ports.entries()) {
      const isLive = port.mode === 'ok' && port.state.kind === 'up' && port.asked.length > asked[index]!;
      if (!isLive) this.counts.fromSnapshots++;
      if (isLive && filter === undefined) this.histories.get(port)!.settle(kind);
    }
  }

  /** The runtime makes its answer, things change, and then the answer comes: within the budget, or too late. */
  private async listWhileChanging(): Promise<void> {
    const kind = this.random.pick(['pods', 'containers', 'images'] as const);
    const gate = Promise.withResolvers<void>();
    for (const port of this.lab.ports) port.held = gate.promise;
    const from = this.step;
    const answer = this.lab.call(lists[kind]);
    await settled();
    for (const port of this.lab.ports) port.held = undefined;
    for (let count = this.random.below(4); count >= 0; count--) {
      this.step++;
      await this.change();
    }
    this.counts.underWay++;
    if (this.random.chance(0.2)) await new Promise(resolve => setTimeout(resolve, 20));
    gate.resolve();
    this.check(kind, undefined, itemsOf(await answer), from);
    await settled();
    // What the snapshots have now is what shows when nothing answers.
    if (this.random.chance(0.5)) for (const port of this.lab.ports) port.down();
  }

  private randomFilter(kind: Kind): Message | undefined {
    const { random } = this;
    if (kind === 'images' || random.chance(0.4)) return undefined;
    const port = random.pick(this.lab.ports);
    const pod = random.pick([...port.model.state.pods.keys()]) ?? 'none';
    const state = kind === 'pods' ? ['SANDBOX_READY', 'SANDBOX_NOTREADY'] : ['CONTAINER_CREATED', 'CONTAINER_RUNNING'];
    return random.pick([
      { state: { state: random.pick(state) } },
      { label_selector: { app: 'web' } },
      kind === 'pods' ? { id: 'alt__' } : { pod_sandbox_id: (port.id === '' ? '' : 'alt__') + pod },
    ]);
  }

  private check(kind: Kind, filter: Message | undefined, items: readonly Message[], from: number): void {
    this.counts.lists++;
    const found = new Map<string, Message[]>();
    for (const item of items) found.set(item['id'], [...(found.get(item['id']) ?? []), item]);
    for (const history of this.histories.values()) {
      for (const [id, forms] of history.possible(kind, from, this.step)) {
        this.checkOne(id, forms, filter, found.get(id) ?? []);
        found.delete(id);
      }
    }
    if (found.size > 0) throw new Error(`lists what never was: ${[...found.keys()]}`);
  }

  private checkOne(id: string, forms: readonly Form[], filter: Message | undefined, shown: readonly Message[]): void {
    const passing = forms.filter(form => form !== undefined && passes({ ...form, id }, filter));
    const [fewest, most] = [passing.length === forms.length ? 1 : 0, passing.length > 0 ? 1 : 0];
    const say = `${id.slice(0, 12)} is listed ${shown.length} times, not ${fewest} to ${most}`;
    if (shown.length < fewest || shown.length > most) throw new Error(say);
    const states = passing.map(form => form!['state']);
    if (shown.length > 0 && !states.includes(shown[0]!['state']))
      throw new Error(`${id.slice(0, 12)} is ${shown[0]!['state']}, not ${states}`);
  }
}

for (const seed of [1, 2, 3, 4]) {
  test(`${STEPS} random steps, seed ${seed}: every list is whole, and true`, async t => {
    const world = new World(seed);
    t.teardown(() => world.lab.stop());
    await world.run().then(
      () => t.pass(JSON.stringify(world.counts)),
      fault => t.fail(`${fault.stack}\n${world.trace.join('\n')}`),
    );
    for (const [what, count] of Object.entries(world.counts)) t.ok(count > 50, `${count} ${what}`);
  });
}
