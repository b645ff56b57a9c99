import { checkCgroupDrivers } from './cgroup-check.ts';
import { checkDaemon } from './daemon-check.ts';
import { gatherFacts } from './facts.ts';
import type { Finding } from './finding.ts';
import { checkImages } from './image-check.ts';
import { checkJournal } from './journal-check.ts';
import { checkKubelet } from './kubelet-check.ts';
import type { ExaminedNode } from './node.ts';
import { checkRuntimes } from './runtime-check.ts';
import { checkSockets } from './socket-check.ts';
import { checkState } from './state-check.ts';
import { checkSysctls } from './sysctl-check.ts';
import { checkUnit } from './unit-check.ts';

/** All checks, along the chain from the kubelet to the runtimes, then of the machine. Changes nothing. */
export async function examineNode(node: ExaminedNode, adminSocket: string, version: string): Promise<Finding[]> {
  const facts = await gatherFacts(node, adminSocket, version);
  return [
    ...checkKubelet(node, facts),
    ...(await checkDaemon(node, facts)),
    ...checkUnit(node, facts),
    ...checkRuntimes(facts),
    ...checkImages(facts),
    ...checkCgroupDrivers(node, facts),
    ...checkSockets(node, facts),
    ...checkState(node, facts),
    ...checkJournal(node, facts),
    ...checkSysctls(node),
  ];
}
