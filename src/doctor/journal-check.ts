import { Level } from '../base/log-level.ts';
import { SERVICE } from '../setup/daemon.ts';
import type { Facts } from './facts.ts';
import { type Finding, ok, warn } from './finding.ts';
import type { ExaminedNode } from './node.ts';

/** The log level from which a busy node writes more lines than journald takes (RateLimitBurst=10000 in 30 s). */
const TALKATIVE = Level.Change;

/** Checks that journald does not drop lines of the log when there are many. */
export function checkJournal(node: ExaminedNode, { report }: Facts): Finding[] {
  const service = node.unit(SERVICE);
  if (service?.['LoadState'] !== 'loaded' || report === undefined) return [];
  const { logLevel } = report.daemon;
  const interval = service['LogRateLimitIntervalUSec'] ?? '0';
  if (interval === '0') {
    return [ok('journal', `journald takes all lines of ${SERVICE}`, 'LogRateLimitIntervalSec=0 is in force')];
  }
  if (logLevel < TALKATIVE) {
    return [ok('journal', `the log level is ${logLevel}`, 'journald takes all lines at this level')];
  }
  const what = `the log level is ${logLevel}, and journald takes ${service['LogRateLimitBurst']} lines of ${SERVICE} in ${interval}`;
  const means =
    'lines are lost ("Suppressed ... messages" in the journal) when there are many: when something goes wrong';
  const dropIn = `/etc/systemd/system/${SERVICE}.d/10-log.conf`;
  return [
    warn(
      'journal',
      what,
      means,
      `criproxy log-level ${Level.Failed}`,
      `or: mkdir -p ${dropIn.slice(0, dropIn.lastIndexOf('/'))} && printf '[Service]\\nLogRateLimitIntervalSec=0\\n' > ${dropIn} && systemctl daemon-reload && systemctl restart ${SERVICE}`,
    ),
  ];
}
