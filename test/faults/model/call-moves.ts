import type { Message } from '../../support/cri-types.ts';
import { containerConfig, podConfig } from '../support/routed.ts';
import { delayOf, type Engine, LIST_TIMEOUT } from './engine.ts';
import type { Answer } from './proxy-lab.ts';
import { HASTY, PATIENT } from './proxy-lab.ts';
import { isNamed, spellings } from './spelling.ts';
import type { World } from './world.ts';

const NOT_FOUND = 5;
const UNKNOWN = 2;

/** A call for one pod or container, and its engine. */
interface Target {
  readonly engine: Engine;
  readonly kind: 'pods' | 'containers';
  readonly id: string;
  readonly name: string;
}

/** Asks for the status of a pod or container by any of its names. */
export async function status(world: World): Promise<void> {
  const target = pickTarget(world);
  if (target === undefined) return;
  const patience = world.random.chance(0.7) ? PATIENT : HASTY;
  const [method, field] =
    target.kind === 'pods' ? ['PodSandboxStatus', 'pod_sandbox_id'] : ['ContainerStatus', 'container_id'];
  const item = target.engine.state[target.kind].get(target.id);
  const answer = await world.ask(method, { [field]: target.name }, { patience });
  judge(world, target, patience, answer, item !== undefined);
  if (answer.code !== 0) return;
  const shown = world.knowledge.shownAs(target.engine, target.id);
  const { id } = answer.message['status'];
  world.insist(shown.includes(id), `the status is of ${id}, not ${shown.join(' or ')}`);
  world.insist(answer.message['status'].state === item!['state'], `the state is ${answer.message['status'].state}`);
}

/** A call that makes, starts, stops or removes something. */
export async function change(world: World): Promise<void> {
  const { random, lab, knowledge } = world;
  if (random.chance(0.25)) return run(world);
  const target = pickTarget(world);
  if (target === undefined) return;
  const patience = random.chance(0.8) ? PATIENT : HASTY;
  const { method, request } = requestFor(world, target);
  const before = new Map(
    lab.engines.map(engine => [engine, JSON.stringify([...engine.state.pods, ...engine.state.containers])]),
  );
  const item = target.engine.state[target.kind].get(target.id);
  const wasCreated = item?.['state'] === 'CONTAINER_CREATED';
  target.engine.losesAnswer = target.engine.fault === undefined && random.chance(0.04);
  const answer = await world.ask(method, request, { patience });
  if (target.engine.losesAnswer) {
    target.engine.losesAnswer = false;
    if (world.isDown(target.engine)) target.engine.set('down');
  }
  const refuses = method === 'StartContainer' && !wasCreated && answer.code === UNKNOWN;
  if (!refuses) judge(world, target, patience, answer, item !== undefined, method.startsWith('Remove'));
  knowledge.livesOf(target.engine).observe(answer.code === 0);
  await world.letFinish(target.engine, answer);
  for (const engine of lab.engines) {
    if (engine === target.engine) continue;
    const same = JSON.stringify([...engine.state.pods, ...engine.state.containers]) === before.get(engine);
    world.insist(same, `${method} for ${target.engine.name} changes ${engine.name}`);
  }
}

/** Makes a pod by the annotation. */
async function run(world: World): Promise<void> {
  const { random, knowledge } = world;
  const named = world.engine;
  // The primary has no name, so a rule may decide.
  const engine = named === knowledge.primary ? knowledge.placement : named;
  const party = knowledge.partyOf(engine);
  const patience = random.chance(0.8) ? PATIENT : HASTY;
  const request = podConfig(`p${world.number}`, false, { app: random.pick(['web', 'db']) });
  if (engine === named && party.id !== '') request['config'].annotations = { 'kubernetes.io/target-runtime': party.id };
  const answer = await world.ask('RunPodSandbox', request, { patience });
  judge(world, { engine, kind: 'pods', id: '', name: `${party.id}__` }, patience, answer, true);
  knowledge.livesOf(engine).observe(answer.code === 0);
  await world.letFinish(engine, answer);
  if (answer.code !== 0) return;
  const made = [...engine.state.pods.keys()].at(-1)!;
  const shown = knowledge.shownAs(engine, made);
  const { pod_sandbox_id } = answer.message;
  world.insist(shown.includes(pod_sandbox_id), `the pod is ${pod_sandbox_id}, not ${shown.join(' or ')}`);
}

function pickTarget({ random, knowledge, engine, number }: World): Target | undefined {
  const kind = random.pick(['pods', 'containers'] as const);
  const ids = [...engine.state[kind].keys()];
  // Some calls are for an id that does not exist.
  const id = random.chance(0.1) ? `${number}`.padStart(64, 'f0') : random.pick(ids);
  if (id === undefined) return undefined;
  return { engine, kind, id, name: random.pick(spellings(knowledge, engine, kind, id)) };
}

function requestFor(world: World, { engine, kind, name }: Target): { method: string; request: Message } {
  const { random, number } = world;
  const pod = (method: string) => ({ method, request: { pod_sandbox_id: name } });
  const container = (method: string) => ({ method, request: { container_id: name } });
  if (kind === 'pods') {
    if (engine.state.pods.size > 6) return pod('RemovePodSandbox');
    const labels = { app: random.pick(['web', 'db']) };
    const create = { method: 'CreateContainer', request: containerConfig(name, `c${number}`, labels) };
    create.request['config'].image = { image: 'busybox' };
    return random.pick([create, create, create, pod('StopPodSandbox'), pod('RemovePodSandbox')]);
  }
  return container(random.pick(['StartContainer', 'StartContainer', 'StopContainer', 'RemoveContainer']));
}

/** `exists`: the call is for a pod or container that exists; `isContent`: it ends with OK if it does not. */
export function judge(
  world: World,
  target: Target,
  patience: number,
  answer: Answer,
  exists: boolean,
  isContent = false,
): void {
  const { knowledge } = world;
  const { engine, kind, id, name } = target;
  const isSure = isNamed(knowledge, engine, name) || knowledge.isKnown(engine, kind, id);
  // An id that does not name its runtime is asked of all runtimes.
  const isMade = answer.method === 'RunPodSandbox' || answer.method === 'CreateContainer';
  const asksAll = !isSure || (isMade && knowledge.config.ids === 'raw');
  const delay = delayOf(engine) + (asksAll ? 2 * LIST_TIMEOUT : 0);
  const isServed = world.isUp(engine) && delay < patience;
  const { code, text } = answer;
  // An id without the name of a runtime may be of any runtime whose state nobody knows.
  const isOpen = !isNamed(knowledge, engine, name) && knowledge.engines.some(each => knowledge.isLost(each));
  const mayBeGone = !exists && (!isNamed(knowledge, engine, name) || world.isUp(engine));
  const isHidden = !exists || engine.fault !== undefined;
  const isElsewhere = !isSure && isHidden && knowledge.engines.some(each => each.fault !== undefined);
  if (code === 0) world.insist(exists || isContent, 'OK for what is not there');
  else if (code === NOT_FOUND)
    world.insist(
      !isOpen && (mayBeGone || (!isSure && engine.fault !== undefined)),
      `NotFound of ${engine.name}: ${text}`,
    );
  else world.insist(!isServed || isElsewhere, `${code} though ${engine.name} answers: ${text}`);
}
