import { totalmem } from 'node:os';
import { MemoryAccount } from '../base/memory-account.ts';
import type { Metric } from '../watch/counters.ts';

const MiB = 1024 * 1024;

/**
 * What the messages of all clients together may take: a thirty-second of the memory that the process may have, the machine's or that
 * of its control group (memory.max), within bounds. The least has room for several lists of 16 MiB, the kubelet's limit for a message;
 * what is more is of use to nobody.
 */
const SHARE = 32;
const LEAST = 128 * MiB;
const MOST = 512 * MiB;

export function heldForClients(): MemoryAccount {
  // 0 where no control group sets a bound; a huge number where it is unlimited.
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return new MemoryAccount(Math.min(MOST, Math.max(LEAST, memory / SHARE)));
}

export function heldMetrics(held: MemoryAccount): readonly Metric[] {
  const single = (name: string, type: Metric['type'], help: string, read: () => number): Metric => ({
    name,
    help,
    type,
    labels: [],
    read: () => [[[], read()]],
  });
  return [
    single('criproxy_held_bytes', 'gauge', 'What messages of clients hold that are under way.', () => held.used),
    single(
      'criproxy_held_max_bytes',
      'gauge',
      'What they may hold together; a client alone half of it.',
      () => held.max,
    ),
    single(
      'criproxy_held_refusals_total',
      'counter',
      'Messages that did not fit, whose calls failed with ResourceExhausted.',
      () => held.refusals,
    ),
  ];
}
