import type { Message } from '../../support/cri-types.ts';
import { delayOf, type Engine, isLiveFor, LIST_TIMEOUT } from './engine.ts';
import { PATIENT } from './proxy-lab.ts';
import type { World } from './world.ts';

/** The age up to which samples may stand in for the next ones, in ms (docs/snapshots.md), less the delay of this model's notes. */
const LAST_SAMPLES = 540_000;

/** Stats of all containers. */
export async function stats(world: World): Promise<void> {
  const { knowledge } = world;
  const { primary } = knowledge;
  const live = new Set(knowledge.engines.filter(engine => isLiveFor(engine, PATIENT, false) || delayOf(engine) > 0));
  const { code, text, message, took } = await world.ask('ListContainerStats', {}, { patience: PATIENT });
  const isServed = world.isUp(primary) && primary.fault !== 'garbage';
  world.insist(
    (code === 0) === isServed,
    `ListContainerStats ends with ${code} ${text}, and the primary is ${primary.fault}`,
  );
  if (code !== 0) return;
  world.insist(took <= Math.max(LIST_TIMEOUT, delayOf(primary)) + 100, `ListContainerStats takes ${took} ms`);
  const listed: string[] = message['stats'].map((item: Message) => item['attributes'].id);
  world.insist(new Set(listed).size === listed.length, `ListContainerStats has something twice`);
  const may = new Set<string>();
  for (const engine of knowledge.engines) {
    const isLive = live.has(engine) && engine.isUp && (engine === primary || delayOf(engine) < LIST_TIMEOUT);
    const forms = knowledge.livesOf(engine).possible('containers', isLive);
    for (const [id, of] of forms)
      if (of.some(form => form !== undefined)) for (const shown of knowledge.shownAs(engine, id)) may.add(shown);
    for (const id of isLive ? engine.state.containers.keys() : lastOf(world, engine))
      world.insist(
        knowledge.shownAs(engine, id).some(shown => listed.includes(shown)),
        `ListContainerStats lacks ${id.slice(0, 12)} of ${engine.name}`,
      );
    // The client waits for the primary's samples itself, and they are not kept.
    if (isLive && engine !== primary)
      world.samples.set(engine, { at: Date.now(), ids: [...engine.state.containers.keys()] });
  }
  const never = listed.filter(id => !may.has(id));
  world.insist(never.length === 0, `ListContainerStats has ${never}, which is not there`);
}

/** The containers that still exist and of which the proxy has usable samples. */
function lastOf({ knowledge, samples }: World, engine: Engine): string[] {
  const last = samples.get(engine);
  if (last === undefined || Date.now() - last.at > LAST_SAMPLES) return [];
  return last.ids.filter(id => knowledge.isKnown(engine, 'containers', id));
}

/** Version is identity, which does not change; Status is health, and waits once for a runtime that hangs. */
export async function identity(world: World): Promise<void> {
  const { knowledge } = world;
  const { primary } = knowledge;
  const version = await world.ask('Version', {}, { patience: PATIENT });
  if (world.greeted.has(primary)) {
    const isRefused = primary.fault === 'error' && primary.isUp;
    world.insist(version.code === 0 || isRefused, `Version fails with ${version.code}: ${version.text}`);
    world.insist(version.took <= LIST_TIMEOUT + 100, `Version takes ${version.took} ms`);
    const { runtime_name } = version.message;
    world.insist(isRefused || runtime_name === primary.name, `Version is of ${runtime_name}`);
  }
  for (const time of ['first', 'second']) {
    const { code, text, took } = await world.ask('Status', {}, { patience: PATIENT });
    world.insist(
      (code === 0) === world.isUp(primary),
      `Status is ${code} ${text}, and the primary is ${primary.fault}`,
    );
    if (code !== 0) return;
    const limit = time === 'first' ? LIST_TIMEOUT : 0;
    const waits = knowledge.engines.some(engine => engine.fault === 'lazy' || engine.fault === 'slow');
    world.insist(waits || took <= limit + 100, `the ${time} Status takes ${took} ms`);
  }
}
