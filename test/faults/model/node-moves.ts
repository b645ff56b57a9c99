import { containerConfig, podConfig } from '../support/routed.ts';
import type { Fault } from './engine.ts';
import type { Config, Party } from './proxy-lab.ts';
import { pass } from './virtual-time.ts';
import type { World } from './world.ts';

const faults: readonly Fault[] = ['down', 'down', 'hang', 'error', 'garbage', 'slow', 'lazy', 'filters'];

/** An engine fails in some way, or is well again. */
export async function fault(world: World): Promise<void> {
  const { random, engine } = world;
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

/** Something that no call through the proxy does: a container ends, a client on the engine's own socket makes or removes. */
export async function byItself(world: World): Promise<void> {
  const { random, engine, number } = world;
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

/** The proxy ends, in order or not, and starts again. */
export async function restart(world: World): Promise<void> {
  const { random, lab, knowledge } = world;
  const how = random.pick(['stop', 'kill'] as const);
  world.note(`the proxy: ${how}, and start`);
  await lab[how]();
  world.samples.clear();
  world.greeted.clear();
  knowledge.observe();
  if (how === 'kill') for (const engine of lab.engines) knowledge.livesOf(engine).forgetUnwritten();
  await lab.start(knowledge.config);
  for (const engine of lab.engines) world.meet(engine);
}

export async function reload(world: World): Promise<void> {
  const { lab, knowledge } = world;
  const next = changed(world);
  world.note(`reload as ${describe(next)}`);
  const before = new Set(lab.engines.flatMap(engine => [...engine.ports]));
  await lab.reload(next);
  knowledge.observe();
  knowledge.config = next;
  // A runtime that stays as it is has no new connection.
  for (const engine of lab.engines) {
    if ([...engine.ports].every(port => before.has(port))) continue;
    world.greeted.delete(engine);
    world.meet(engine);
  }
}

const names = ['alt', 'kata', 'gvisor', 'fire'];

/** Another configuration of the same engines. */
function changed({ random, knowledge }: World): Config {
  const { parties, ids } = knowledge.config;
  const what = random.pick(['rename', 'rename', 'swap', 'swap', 'ids', 'alias'] as const);
  if (what === 'ids') return { parties, ids: ids === 'raw' ? 'prefixed' : 'raw' };
  const [one, other] = [1 + random.below(2), random.below(3)];
  const free = names.filter(name => parties.every(({ id }) => id !== name));
  const next = parties.map((party, at): Party => {
    if (what === 'alias') return at === one ? { ...party, alias: party.alias !== true } : party;
    if (what === 'rename') return at === one ? { ...party, id: random.pick(free) } : party;
    const { engine, alias = false } = parties[at === one ? other : at === other ? one : at]!;
    return { id: party.id, engine, alias };
  });
  return { parties: next as unknown as Config['parties'], ids };
}

function describe({ parties, ids }: Config): string {
  return `${parties.map(({ id, engine, alias }) => `${id}:${engine.name}${alias ? '*' : ''}`).join()} ${ids}`;
}
