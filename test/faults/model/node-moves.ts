import { pass } from '../../support/virtual-time.ts';
import type { Random } from '../../wire/seeded.ts';
import { containerConfig, podConfig } from '../support/routed.ts';
import { damage } from './damage.ts';
import type { Engine, Fault } from './engine.ts';
import type { Config, Party } from './proxy-lab.ts';
import type { World } from './world.ts';

const faults: readonly Fault[] = ['down', 'down', 'hang', 'error', 'garbage', 'slow', 'lazy', 'filters'];

/** An engine gets a fault, or is healthy again. */
export async function fault(world: World): Promise<void> {
  const { random, lab } = world;
  const engine = random.pick(lab.engines);
  if (engine.fault !== undefined) return world.heal(engine);
  const how = random.pick(faults);
  world.note(`${engine.name}: ${how}`);
  world.count(how);
  engine.looksEarly = random.chance(0.5);
  engine.set(how);
}

export async function wait(world: World): Promise<void> {
  const ms = world.random.pick([500, 2_000, 11_000, 11_000, 40_000]);
  world.note(`${ms} ms go by`);
  await pass(ms);
}

/** A change without a call through the proxy: a container ends, or a client on the engine's own socket makes or removes something. */
export async function byItself(world: World): Promise<void> {
  const { random, lab, number } = world;
  const engine = random.pick(lab.engines);
  const { model, state } = engine;
  const pod = random.pick([...state.pods.keys()]);
  const container = random.pick([...state.containers.keys()]);
  const what = random.pick(['ends', 'ends', 'ends', 'makes', 'removes'] as const);
  world.note(`${engine.name} ${what} by itself`);
  if (what === 'makes') {
    const { pod_sandbox_id } = model.handle('RunPodSandbox', podConfig(`own${number}`, false, { app: 'web' }))!;
    model.handle('CreateContainer', containerConfig(pod_sandbox_id, `own${number}`));
  } else if (what === 'removes' && pod !== undefined) model.handle('RemovePodSandbox', { pod_sandbox_id: pod });
  else if (container !== undefined) model.handle('StopContainer', { container_id: container });
}

/** The time in which files are written anew after news that only a list has brought, or after damage, in ms: docs/snapshots.md. */
const REWRITE = 1_200;

/** The proxy ends, in order or not, and starts again, perhaps with another configuration, or with damaged files. */
export async function restart(world: World): Promise<void> {
  const { random, lab, knowledge } = world;
  const how = random.pick(['stop', 'kill'] as const);
  const next = random.chance(0.5) ? changed(world) : knowledge.config;
  world.note(`the proxy: ${how}, and start as ${describe(next)}`);
  if (Date.now() - world.damagedAt < REWRITE) await pass(REWRITE);
  await lab[how]();
  world.samples.clear();
  world.greeted.clear();
  knowledge.observe();
  if (how === 'kill') for (const engine of lab.engines) knowledge.livesOf(engine).forgetUnwritten();
  if (random.chance(0.4)) {
    damage(world);
    world.damagedAt = Date.now();
  }
  knowledge.turn(next, true);
  await lab.start(next);
  for (const engine of knowledge.engines) world.meet(engine);
}

export async function reload(world: World): Promise<void> {
  const { lab, knowledge } = world;
  const next = changed(world);
  world.note(`reload as ${describe(next)}`);
  const before = new Set(lab.engines.flatMap(engine => [...engine.ports]));
  const old = knowledge.engines;
  await lab.reload(next);
  knowledge.observe();
  knowledge.turn(next, false);
  // A runtime that a reload takes out has left the node.
  for (const engine of old) if (!knowledge.engines.includes(engine)) world.forget(engine);
  // A runtime that stays has no new connection.
  for (const engine of knowledge.engines) {
    if ([...engine.ports].every(port => before.has(port))) continue;
    world.greeted.delete(engine);
    world.meet(engine);
  }
}

const names = ['alt', 'kata', 'gvisor', 'fire', 'virtlet.cloud'];

/** A changed configuration. */
function changed({ random, knowledge, lab }: World): Config {
  const { config } = knowledge;
  const others = lab.engines.filter(engine => !knowledge.engines.includes(engine));
  const changes = [
    renamed,
    renamed,
    swapped,
    swapped,
    aliased,
    turned,
    replaced,
    replaced,
    ...(others.length > 0 ? [joined, joined] : [left]),
  ];
  return random.pick(changes)(config, random, others);
}

type Change = (config: Config, random: Random, others: readonly Engine[]) => Config;

const turned: Change = config => ({ ...config, ids: config.ids === 'raw' ? 'prefixed' : 'raw' });

const replaced: Change = (config, random) => ({ ...config, placement: random.pick(config.parties).engine });

const renamed: Change = (config, random) =>
  withParties(config, (party, at) =>
    at === 0 ? party : { ...party, id: random.chance(0.5) ? party.id : free(config, random) },
  );

const aliased: Change = (config, random) =>
  withParties(config, party => ({ ...party, alias: random.chance(0.5) ? party.alias !== true : party.alias === true }));

const swapped: Change = (config, random) => {
  const { parties } = config;
  const [one, other] = [1 + random.below(parties.length - 1), random.below(parties.length)];
  return withParties(config, ({ id }, at) => {
    const { engine, alias = false } = parties[at === one ? other : at === other ? one : at]!;
    return { id, engine, alias };
  });
};

const left: Change = (config, random) => {
  const [primary, first, ...rest] = config.parties;
  return { ...config, parties: [primary, random.pick([first!, ...rest])] };
};

const joined: Change = (config, random, others) => ({
  ...config,
  parties: [...config.parties, { id: free(config, random), engine: random.pick(others) }],
});

/** An id that no runtime has. */
function free({ parties }: Config, random: Random): string {
  return random.pick(names.filter(name => parties.every(({ id }) => id !== name)));
}

function withParties({ parties, ...rest }: Config, change: (party: Party, at: number) => Party): Config {
  const seen = new Set<string>();
  const [primary, ...others] = parties.map(change).map((party, at) => {
    const id = seen.has(party.id) ? parties[at]!.id : party.id;
    seen.add(id);
    return { ...party, id };
  });
  return { ...rest, parties: [primary!, ...others] };
}

function describe({ parties, ids, placement }: Config): string {
  const rule = placement === undefined ? '' : ` placed on ${placement.name}`;
  return `${parties.map(({ id, engine, alias }) => `${id}:${engine.name}${alias ? '*' : ''}`).join()} ${ids}${rule}`;
}
