import { totalmem } from 'node:os';
import { MemoryAccount } from '../../base/memory-account.ts';
import { type Metric, single } from '../../watch/counters.ts';

const MiB = 1024 * 1024;

/**
 * The limit for the messages of all clients together: a thirty-second of the machine's memory, or an eighth of the control group's
 * limit (memory.max), whichever is less, within bounds. The least limit has room for several lists of 16 MiB, the kubelet's limit for a
 * message; more than the greatest limit is of no use.
 */
const OF_MACHINE = 1 / 32;
const OF_GROUP = 1 / 8;
const LEAST = 128 * MiB;
const MOST = 512 * MiB;

export function heldForClients(): MemoryAccount {
  // 0 where no control group sets a bound; a huge number where it is unlimited.
  const group = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const share = Math.min(totalmem() * OF_MACHINE, group * OF_GROUP);
  return new MemoryAccount(Math.floor(Math.min(MOST, Math.max(LEAST, share))));
}

export function heldMetrics(held: MemoryAccount): readonly Metric[] {
  return [
    single('criproxy_held_bytes', 'gauge', 'Bytes held by the messages of calls in flight.', () => held.used),
    single(
      'criproxy_held_max_bytes',
      'gauge',
      'The limit of criproxy_held_bytes; one client may hold half of it.',
      () => held.max,
    ),
    single(
      'criproxy_held_refusals_total',
      'counter',
      'Messages that exceeded the limit; their calls failed with ResourceExhausted.',
      () => held.refusals,
    ),
  ];
}
