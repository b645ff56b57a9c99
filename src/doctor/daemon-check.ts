import { version as program } from '../base/version.ts';
import { SERVICE } from '../setup/daemon.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok, skip, warn } from './finding.ts';
import type { ExaminedNode } from './node.ts';

/** How long the daemon may take to answer Version and ImageFsInfo, in ms: crictl and kubeadm give up after 2 s. */
const PATIENCE = 2_000;

/** The lag of the event loop (p99) from which a kubelet's calls are slow, in ms. */
const LATE = 100;

/** A daemon without an admin socket is not waited for. */
const ONE_TRY = 500;

const MEANS_SILENT = 'a kubelet cannot start, and one that runs loses its runtime';

const LOG = 'journalctl -u criproxy -n 50 --no-pager';

/** Checks that the daemon runs, is the installed program, and answers CRI. */
export async function checkDaemon(node: ExaminedNode, facts: Facts): Promise<Finding[]> {
  return [
    checkProgram(facts),
    ...checkAdmin(node, facts),
    ...checkWatchdog(node),
    ...(await checkFaults(node)),
    ...(await checkCri(node, facts)),
  ];
}

function checkProgram({ version }: Facts): Finding {
  const means = /, dynamic,/.test(program.base)
    ? "it needs libraries of the node: glibc 2.28 and GCC's libstdc++"
    : 'it needs no library of the node';
  return ok('program', `this is criproxy ${version} (${program.base})`, means);
}

/** Checks that systemd watches the daemon, which it does not do if it accepts no messages from the process. */
function checkWatchdog(node: ExaminedNode): Finding[] {
  const { ActiveState: state, Environment: environment, WatchdogUSec: watched } = node.unit(SERVICE) ?? {};
  const isWanted = /\bCRIPROXY_WATCHDOG_SEC=[1-9]/.test(environment ?? '');
  if (state !== 'active' || !isWanted || watched === undefined || !/^(0|infinity)$/.test(watched)) return [];
  const means = 'systemd accepts no messages from the daemon: a daemon that hangs is not restarted';
  const mend = ['journalctl -u criproxy -g systemd --no-pager', `systemctl restart criproxy.socket ${SERVICE}`];
  return [warn('daemon-watchdog', 'systemd does not watch the daemon', means, ...mend)];
}

async function checkFaults(node: ExaminedNode): Promise<Finding[]> {
  const faults = await node.faults();
  if (faults === undefined) return [];
  if (faults.length > 0) {
    const means = 'calls to runtimes are delayed, or fail, on purpose';
    return [warn('daemon-faults', `faults are injected: ${faults.join('; ')}`, means, 'criproxy faults clear')];
  }
  const means = 'the flag is for tests: every user of the admin socket can make calls fail';
  return [
    warn(
      'daemon-faults',
      'the daemon runs with -enableFaults',
      means,
      'remove -enableFaults from its flags, and restart it',
    ),
  ];
}

function checkAdmin(node: ExaminedNode, { report, silence, version, adminSocket }: Facts): Finding[] {
  if (report === undefined) {
    const isForbidden = !node.isRoot && /no permission/.test(silence!.message);
    const state = node.unit(SERVICE)?.['ActiveState'];
    if (isForbidden) return [skip('daemon', silence!.message, 'checks that need the daemon are left out')];
    const mend = state === 'active' ? [`systemctl status ${SERVICE}`, LOG] : [`systemctl start ${SERVICE}`, LOG];
    const means =
      'without the daemon the kubelet has no runtime: no pod starts or stops, and the node becomes NotReady';
    return [
      fail(
        'daemon',
        silence!.message,
        state === 'active' ? 'systemd reports it as active, but it does not answer' : means,
        ...mend,
      ),
    ];
  }
  const { pid, version: running, base, eventLoopLag } = report.daemon;
  const findings = [
    ok('daemon', `the daemon runs: criproxy ${running} (${base}), pid ${pid}`, `it answers on ${adminSocket}`),
  ];
  if (running !== version) {
    const means = 'the program was replaced while it ran: new features and fixes are not in force';
    findings.push(
      warn(
        'daemon-version',
        `criproxy ${version} is installed, but ${running} runs`,
        means,
        `systemctl restart ${SERVICE}`,
      ),
    );
  }
  if (eventLoopLag !== null && eventLoopLag.p99Ms > LATE) {
    const means = 'calls wait in the daemon: the node has too little CPU for it, or its answers are very long';
    findings.push(
      warn(
        'daemon-lag',
        `the event loop is ${Math.round(eventLoopLag.p99Ms)} ms late (p99)`,
        means,
        'top -H -p $(pidof criproxy)',
        'criproxy status',
      ),
    );
  }
  return findings;
}

async function checkCri(node: ExaminedNode, { listen, report }: Facts): Promise<Finding[]> {
  const check = 'daemon-cri';
  const silent = (why: string) =>
    fail(check, `CRI is not answered on ${listen}: ${why}`, MEANS_SILENT, 'criproxy status', LOG);
  // The proxy waits for it, longer than is of use here.
  if (report?.runtimes.some(({ primary, state }) => primary && state === 'down')) {
    return [silent('the primary runtime is down')];
  }
  try {
    const { name, version } = await node.probe(listen, report === undefined ? ONE_TRY : PATIENCE);
    const means = 'Version and ImageFsInfo, the two calls that a kubelet needs to start, end with OK';
    return [ok(check, `CRI is answered on ${listen}, for ${name} ${version}`, means)];
  } catch (fault) {
    const { message, code } = fault as NodeJS.ErrnoException;
    if (code !== 'EACCES' || node.isRoot) return [silent(message)];
    return [skip(check, `no permission to open ${listen}`, 'whether CRI is answered is not checked')];
  }
}
