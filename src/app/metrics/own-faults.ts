import type { Logger } from '../../base/logger.ts';
import { type Ended, type ReportFault, stackLine } from '../../base/own-fault.ts';
import type { Counters } from '../../watch/counters.ts';

/** Logs and counts the faults of this program that have ended a connection or a call. */
export function ownFaults(counters: Counters, log: Logger): ReportFault {
  // Each value is there from the start: a first increase from nothing is no increase for Prometheus.
  const counts = new Map<Ended, number>([
    ['client connection', 0],
    ['runtime connection', 0],
    ['call', 0],
  ]);
  counters.register({
    name: 'criproxy_own_faults_total',
    help: 'Faults in the code of criproxy, each in the log with its stack. ended is the thing that the fault has ended: one connection of a client, one to a runtime, or one call.',
    type: 'counter',
    labels: ['ended'],
    read: () => [...counts].map(([ended, count]) => [[ended.replace(' ', '_')], count]),
  });
  return (fault, ended) => {
    counts.set(ended, counts.get(ended)! + 1);
    log.error(`a fault of criproxy has ended a ${ended}; please report it, with this stack: ${stackLine(fault)}`);
  };
}
