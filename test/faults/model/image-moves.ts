import type { Message } from '../../support/cri-types.ts';
import { delayOf, type Engine, LIST_TIMEOUT } from './engine.ts';
import { HASTY, PATIENT } from './proxy-lab.ts';
import type { World } from './world.ts';

const FAILED_PRECONDITION = 9;

/** Images that any engine may have, by the same name and the same id. */
const names = ['docker.io/library/busybox:1', 'example.com/web:1', 'example.com/db:1', 'example.com/tool:1'];

/** A name of an image, or its id. */
function pickImage({ random, knowledge }: World): { name: string; of: (engine: Engine) => Message | undefined } {
  const name = random.pick(names);
  const of = (engine: Engine) => [...engine.state.images.values()].find(item => item['repo_tags'].includes(name));
  const id = knowledge.engines.map(of).find(item => item !== undefined)?.['id'];
  return { name: id !== undefined && random.chance(0.5) ? id : name, of };
}

/** Pulls an image for a pod that the annotation sends to its runtime. */
export async function pull(world: World): Promise<void> {
  const { random, knowledge, engine } = world;
  const { id } = knowledge.partyOf(engine);
  const annotations = id === '' ? {} : { 'kubernetes.io/target-runtime': id };
  const patience = random.chance(0.8) ? PATIENT : HASTY;
  const image = { image: random.pick(names), annotations };
  knowledge.livesOf(engine).pulls.add(image.image);
  const answer = await world.ask('PullImage', { image, sandbox_config: { annotations } }, { patience });
  const isServed = world.isUp(engine) && delayOf(engine) < patience;
  world.insist(answer.code === 0 || !isServed, `${answer.code} though ${engine.name} answers: ${answer.text}`);
  // The next list has the pulled image, and the proxy asks for it.
  knowledge.observe();
  await world.letFinish(engine, answer);
}

/** Asks whether any runtime has an image, as a kubelet does to find the image's user. */
export async function imageStatus(world: World): Promise<void> {
  const { knowledge } = world;
  const { name, of } = pickImage(world);
  const holders = knowledge.engines.filter(of);
  const { code, text, message, took } = await world.ask(
    'ImageStatus',
    { image: { image: name } },
    { patience: PATIENT },
  );
  const silent = silentOf(world);
  const isPrimarySilent = silent.includes(knowledge.primary) || delayOf(knowledge.primary) > 0;
  world.insist(isPrimarySilent || took <= LIST_TIMEOUT + 100, `ImageStatus takes ${took} ms`);
  const certain = knowledge.engines.filter(
    engine => of(engine) && (!silent.includes(engine) || isCertain(world, engine, of)),
  );
  if (code !== 0) {
    const isFound = of(knowledge.primary) !== undefined && !isPrimarySilent;
    const isUnknown = silent.some(
      engine => world.isDoubtful(engine) || engine.fault === 'error' || mayHave(world, engine, name),
    );
    world.insist(!isFound && (isPrimarySilent || isUnknown), `ImageStatus ${code}: ${text}`);
  } else if (message['image'] === null)
    world.insist(
      certain.length === 0 && !silent.some(engine => knowledge.isLost(engine)),
      `ImageStatus has no image, and ${certain.map(engine => engine.name)} has it`,
    );
  else
    world.insist(
      holders.length > 0 || silent.some(engine => mayHave(world, engine, name)),
      `ImageStatus has an image that nobody has`,
    );
}

/** Removes an image everywhere, as garbage collection does by its id. */
export async function removeImage(world: World): Promise<void> {
  const { knowledge } = world;
  const { name, of } = pickImage(world);
  const silent = silentOf(world);
  const users = knowledge.engines.filter(engine => {
    const image = of(engine);
    const containers = [...engine.state.containers.values()];
    return containers.some(
      ({ id, image_id }) => image_id === image?.['id'] && knowledge.isKnown(engine, 'containers', id),
    );
  });
  const unknown = silent.filter(engine => knowledge.isLost(engine) || isCertain(world, engine, of));
  const { code, text, took } = await world.ask('RemoveImage', { image: { image: name } }, { patience: PATIENT });
  const isFaulty = knowledge.engines.some(({ fault }) => fault !== undefined);
  const isPrimarySilent = silent.includes(knowledge.primary) || delayOf(knowledge.primary) > 0;
  world.insist(isPrimarySilent || took <= 2 * LIST_TIMEOUT + 100, `RemoveImage takes ${took} ms`);
  for (const engine of users)
    world.insist(of(engine) !== undefined, `RemoveImage takes ${name} from ${engine.name}, whose containers use it`);
  if (code === 0) {
    world.insist(
      unknown.length === 0,
      `RemoveImage is content, and nobody could ask ${unknown.map(each => each.name)}`,
    );
    const left = knowledge.engines.filter(engine => of(engine) && !silent.includes(engine));
    world.insist(left.length === 0, `RemoveImage leaves ${name} on ${left.map(each => each.name)}`);
  } else world.insist(code === FAILED_PRECONDITION || isFaulty, `RemoveImage ${code}: ${text}`);
  if (code === FAILED_PRECONDITION)
    world.insist(users.length > 0 || silent.length > 0, `nothing uses ${name}: ${text}`);
  for (const engine of knowledge.engines) knowledge.livesOf(engine).observe(code === 0);
  for (const engine of knowledge.engines) await world.letFinish(engine, { code: code === 0 ? 1 : code });
}

/** Engines that a proxy cannot ask within its limits; the primary has as long as the client waits. */
function silentOf(world: World): Engine[] {
  const { knowledge } = world;
  const isSlow = (engine: Engine) => engine !== knowledge.primary && delayOf(engine) >= LIST_TIMEOUT;
  return knowledge.engines.filter(engine => !world.isUp(engine) || isSlow(engine));
}

function isCertain({ knowledge }: World, engine: Engine, of: (engine: Engine) => Message | undefined): boolean {
  const image = of(engine);
  return image !== undefined && knowledge.isKnown(engine, 'images', image['id']);
}

/** Whether a proxy may believe that the engine has the image. */
function mayHave({ knowledge }: World, engine: Engine, name: string): boolean {
  const lives = knowledge.livesOf(engine);
  const forms = [...lives.possible('images', false).values()].flat();
  return lives.pulls.has(name) || forms.some(form => form?.['id'] === name || form?.['repo_tags'].includes(name));
}
