import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import type { World } from './world.ts';

/** Damages the files of an engine while no proxy runs. docs/snapshots.md says what the next proxy can know then. */
export function damage(world: World): void {
  const { random, knowledge } = world;
  // The files are the only source for an engine that does not answer.
  const silent = knowledge.engines.filter(({ fault }) => fault !== undefined);
  const engine = random.pick(silent.length > 0 ? silent : knowledge.engines);
  const how = random.pick(['one', 'one', 'both', 'both', 'all'] as const);
  // Without files of its socket, the files of another engine with its id stand in.
  if (how === 'all' && knowledge.engines.length < world.lab.engines.length) return;
  const files = filesOf(world, engine);
  const journals = files.filter(file => !file.includes('@known'));
  world.note(`of the files of ${engine.name}, ${how} damaged or removed`);
  world.count(`damages ${how}`);
  if (how === 'one') spoil(world, random.pick(journals));
  if (how === 'both') for (const file of journals) spoil(world, file);
  if (how === 'all') for (const file of files) rmSync(file);
  if (how === 'both' && knowledge.of.get(engine) !== 'never') knowledge.of.set(engine, 'lost');
  if (how === 'all') knowledge.of.set(engine, 'never');
}

/** The files that are named by its socket, without the files that were put aside. */
function filesOf({ lab }: World, engine: Engine): string[] {
  const own = readdirSync(lab.stateDir).filter(
    name => name.includes(`${engine.name}.sock`) && name.endsWith('.snapshot'),
  );
  return own.map(name => join(lab.stateDir, name));
}

function spoil({ random }: World, file: string | undefined): void {
  if (file === undefined) return;
  const how = random.pick(['flip', 'cut', 'empty', 'remove'] as const);
  const bytes = readFileSync(file);
  if (how === 'remove') rmSync(file);
  else if (how === 'empty') truncateSync(file, 0);
  else if (how === 'cut') truncateSync(file, random.below(Math.min(bytes.length, 40)));
  else {
    const at = random.below(bytes.length);
    bytes[at] = bytes[at]! ^ 0x10;
    writeFileSync(file, bytes);
  }
}
