import type { Message } from '../../support/cri-types.ts';
import { podConfig } from '../support/routed.ts';
import { judge } from './call-moves.ts';
import type { Engine } from './engine.ts';
import { PATIENT } from './proxy-lab.ts';
import type { World } from './world.ts';

/** A pod that was started without the name of a runtime. */
export interface PlacedPod {
  readonly engine: Engine;
  readonly request: Message;
  /** Its last sandbox, by the engine's own id. */
  readonly sandbox: string;
}

/** A pod that names no runtime: a new one goes where the rules of today say, an old one gets its next sandbox on its runtime. */
export async function place(world: World): Promise<void> {
  const { random, knowledge } = world;
  const living = [...world.placed].filter(
    ([, { engine, sandbox }]) => knowledge.engines.includes(engine) && knowledge.isKnown(engine, 'pods', sandbox),
  );
  const again = random.chance(0.5) ? random.pick(living) : undefined;
  const uid = again?.[0] ?? `uid-placed-${world.number}`;
  const request = again?.[1].request ?? podConfig(`placed-${world.number}`, false, { app: 'web' });
  request['config'].metadata.uid = uid;
  await start(world, uid, request, again?.[1].engine ?? knowledge.placement);
}

async function start(world: World, uid: string, request: Message, engine: Engine): Promise<void> {
  const { knowledge, lab } = world;
  const before = new Map(lab.engines.map(each => [each, new Set(each.state.pods.keys())]));
  const answer = await world.ask('RunPodSandbox', request, { patience: PATIENT });
  const { id } = knowledge.partyOf(engine);
  judge(world, { engine, kind: 'pods', id: '', name: `${id}__` }, PATIENT, answer, true);
  knowledge.livesOf(engine).observe(answer.code === 0);
  await world.letFinish(engine, answer);
  for (const each of lab.engines) {
    if (each === engine) continue;
    const isSame = [...each.state.pods.keys()].every(pod => before.get(each)!.has(pod));
    world.insist(isSame, `the pod ${uid} of ${engine.name} is started on ${each.name}`);
  }
  if (answer.code !== 0) return;
  const sandbox = [...engine.state.pods.keys()].find(pod => !before.get(engine)!.has(pod));
  world.insist(sandbox !== undefined, `the pod ${uid} is not started on ${engine.name}`);
  world.placed.set(uid, { engine, request, sandbox: sandbox! });
}
