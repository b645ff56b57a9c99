import type { Message } from '../../support/cri-types.ts';
import { change } from './call-moves.ts';
import { isLiveFor, LIST_TIMEOUT, NEW_FIELD } from './engine.ts';
import type { Filter } from './knowledge.ts';
import type { Kind } from './lives.ts';
import { HASTY, PATIENT } from './proxy-lab.ts';
import { spellings } from './spelling.ts';
import type { World } from './world.ts';

const ALL: Filter = { own: {} };

const methods = {
  pods: ['ListPodSandbox', 'ListPodSandbox', 'StreamPodSandboxes'],
  containers: ['ListContainers', 'ListContainers', 'StreamContainers'],
  images: ['ListImages', 'ListImages', 'StreamImages'],
} as const;

/** Lists of one client, or of both at the same time. */
export async function list(world: World): Promise<void> {
  const { random } = world;
  if (random.chance(0.7)) return listOnce(world, random.chance(0.8) ? PATIENT : HASTY);
  await Promise.all([listOnce(world, HASTY), listOnce(world, PATIENT)]);
}

async function listOnce(world: World, patience: number): Promise<void> {
  const { random, knowledge } = world;
  const kind = random.pick(['pods', 'containers', 'images'] as const);
  const method = random.pick(methods[kind]);
  const { filter, request } = random.chance(0.4) ? filterFor(world, kind) : { filter: ALL, request: {} };
  const isWhole = Object.keys(request).length === 0;
  const more = random.chance(0.1) ? NEW_FIELD : undefined;
  const live = new Set(knowledge.engines.filter(engine => isLiveFor(engine, patience, !isWhole || more !== undefined)));
  const answer = await world.ask(method, request, { patience, ...(more !== undefined && { more }) });
  if (more !== undefined) {
    // A field that only the runtime knows is between it and the client; a snapshot cannot evaluate it.
    const asked = knowledge.asked(filter);
    const isWhole = asked.every(engine => live.has(engine) || knowledge.of.get(engine) === 'never');
    return world.insist(isWhole || answer.code !== 0, `${method} takes no notice of a field that is not known`);
  }
  const fault = knowledge.faultOfList(kind, filter, answer, live);
  world.insist(fault === undefined, `${method} ${fault}`);
  const isWaitedFor = knowledge.asked(filter).some(engine => !world.isLate(engine, kind));
  world.insist(isWaitedFor || answer.took < 100, `${method} waits again, ${answer.took} ms`);
  if (isWhole && patience > LIST_TIMEOUT) world.noteLate(kind);
  world.insist(answer.code !== 0 || answer.took <= LIST_TIMEOUT + 100, `${method} takes ${answer.took} ms`);
  if (isWhole && answer.code === 0) for (const engine of live) knowledge.livesOf(engine).settle(kind);
}

function filterFor(world: World, kind: Kind): { filter: Filter; request: Message } {
  const { random, knowledge, engine } = world;
  const plain = (own: Message) => ({ filter: { own }, request: { filter: own } });
  const states = kind === 'pods' ? ['SANDBOX_READY', 'SANDBOX_NOTREADY'] : ['CONTAINER_CREATED', 'CONTAINER_RUNNING'];
  if (kind === 'images') return plain({ image: {} });
  if (random.chance(0.3)) return plain({ state: { state: random.pick(states) } });
  if (random.chance(0.3)) return plain({ label_selector: { app: 'web' } });
  const byPod = kind === 'containers' && random.chance(0.5);
  const from = byPod ? 'pods' : kind;
  const id = random.pick([...engine.state[from].keys()]);
  if (id === undefined || !knowledge.isKnown(engine, from, id)) return plain({ label_selector: { app: 'db' } });
  const named = random.pick(spellings(knowledge, engine, from, id));
  const own = byPod ? { pod_sandbox_id: id } : { id };
  return { filter: { own, engine }, request: { filter: byPod ? { pod_sandbox_id: named } : { id: named } } };
}

/** Something changes while a list of all is under way. The list has the state before or after; the next list has the state after. */
export async function listDuringChange(world: World): Promise<void> {
  const { random, knowledge } = world;
  const kind = random.pick(['pods', 'containers'] as const);
  const method = random.pick(methods[kind]);
  const live = new Set(knowledge.engines.filter(engine => isLiveFor(engine, PATIENT, false)));
  const before = knowledge.expected(kind, ALL, live);
  const believed = knowledge.expected(kind, ALL, new Set());
  const [answer] = await Promise.all([world.ask(method, {}, { patience: PATIENT }), change(world)]);
  // An engine that has died of the change has its part, or the rest of it, from its snapshot.
  const died = [...live].filter(engine => !engine.isUp && live.delete(engine));
  const fault = knowledge.faultOfList(kind, ALL, answer, live, died.length > 0 ? believed : before);
  world.insist(fault === undefined, `${method} during a change ${fault}`);
}
