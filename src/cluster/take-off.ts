import { HALFWAY, LEFT_ALONE, PODS_LEFT } from '../setup/exit-status.ts';
import { lookAtNode } from './node/look.ts';
import * as release from './node/release.ts';
import { type Ports, quote, StepError } from './ports.ts';
import { readBefore, verify } from './verify.ts';

/** The node after a removal that was refused, or has failed, by its exit status. */
function stateAfter(status: number): StepError['node'] {
  if (status === HALFWAY) return 'halfway';
  return status === PODS_LEFT || status === LEFT_ALONE ? 'untouched' : 'back';
}

/**
 * Takes the node off criproxy: look, remove, verify. Pods that run on other runtimes keep it from that, and nothing is changed.
 * Resolves with what was done, in words; rejects with a StepError.
 */
export async function takeOff(ports: Ports): Promise<string> {
  const { node, image, tell } = ports;
  const way = release.findInstalled(node);
  if (way === undefined) {
    release.forgetAll(node);
    return 'criproxy is not installed';
  }
  // A program that is still there when the other is gone.
  const program = release.bringRelease(node, '', image);
  const look = await lookAtNode(node, program);
  tell('look', look.status.running?.does ?? 'no kubelet runs');
  const before = await readBefore(ports, program, look);
  const { status, said } = await release.removeRelease(node, way, true);
  if (status !== 0) throw new StepError('remove', stateAfter(status), quote(said));
  tell('remove', quote(said));
  const fault = await verify(ports, program, before, false);
  if (fault !== undefined) throw new StepError('verify', 'halfway', fault);
  tell('verify', 'the kubelet uses its own runtime, the node is Ready, no container was restarted');
  release.forgetAll(node);
  return 'criproxy was removed';
}
