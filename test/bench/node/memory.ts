import { field } from '../protobuf.ts';
import { residentMemory } from '../usage.ts';
import type { NodeLoad } from './loads.ts';
import { makePlan } from './node-plan.ts';
import type { NodeRig } from './node-rig.ts';

/** A minute of the load. */
const MINUTE = 60_000;

/** The filler's part of the 16 MiB that a message may have; the rest is for the fields around it. */
const UPLOAD = (16 << 20) - 1024;

/** Whether memory comes back, a minute after a list of 2x1,000 containers and after an upload of 16 MiB, in MiB. */
export async function measureMemory(
  rig: NodeRig,
  { population, rows }: NodeLoad,
  { print }: { print(line: string): void },
): Promise<Record<string, number>> {
  const proxy = rig.targets.find(({ name }) => name === 'proxy')!;
  const plan = rig.writePlan('minute', makePlan(rows, population, MINUTE));
  const figures: Record<string, number> = {};
  const resident = (when: string) => {
    const memory = residentMemory(proxy.child!.pid!);
    print(`resident memory ${when.padEnd(48)} ${memory.toFixed(1).padStart(8)} MiB`);
    return memory;
  };
  print('');
  resident('after the load');
  rig.switchLists();
  await rig.call('/runtime.v1.RuntimeService/ListContainers', field(1, ''), proxy, 5);
  rig.switchLists();
  resident('after a list of 2x1,000');
  await rig.play(plan, proxy);
  figures['resident memory, a minute after a list of 2x1,000, MiB'] = resident('a minute later');
  await rig.call('/runtime.v1.RuntimeService/Version', field(15, Buffer.alloc(UPLOAD)), proxy, 1);
  resident('after an upload of 16 MiB');
  await rig.play(plan, proxy);
  figures['resident memory, a minute after an upload of 16 MiB, MiB'] = resident('a minute later');
  return figures;
}
