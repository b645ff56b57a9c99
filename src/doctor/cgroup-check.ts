import { runtimeName } from '../base/runtime-name.ts';
import { findFlag } from '../setup/command.ts';
import type { Kubelet } from '../setup/kubelet.ts';
import { findConfigValue } from '../setup/kubelet-config.ts';
import { SetupError } from '../setup/setup-error.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok } from './finding.ts';
import type { ExaminedNode } from './node.ts';

/** From this release on the kubelet uses the runtime's driver, if the runtime tells it (feature gate KubeletCgroupDriverFromCRI). */
const ASKS_RUNTIME = 31;

/** From this release on a kubelet ends if the runtime does not tell its driver. */
const NEEDS_RUNTIME = 37;

/** Checks that the kubelet and all runtimes use the same cgroup driver. */
export function checkCgroupDrivers(node: ExaminedNode, { kubelet, report }: Facts): Finding[] {
  const known = (report?.runtimes ?? []).flatMap(({ id, asked }) =>
    asked?.cgroupDriver ? [{ id, driver: asked.cgroupDriver }] : [],
  );
  const primary = known.find(({ id }) => id === '')?.driver;
  const findings: Finding[] = [];
  const minor = kubelet?.minor;
  const isUp = report?.runtimes.some(({ id, state }) => id === '' && state === 'up');
  if (isUp && primary === undefined && minor !== undefined && minor >= NEEDS_RUNTIME) {
    const means = `a kubelet 1.${minor} does not start without`;
    findings.push(
      fail(
        'cgroup-driver-unknown',
        'the primary runtime does not tell its cgroup driver',
        means,
        'see the release notes of the runtime for RuntimeConfig (containerd 2.0, CRI-O 1.28)',
      ),
    );
  }
  const own = kubelet && readDriver(node, kubelet);
  const followsPrimary = minor !== undefined && minor >= ASKS_RUNTIME && primary !== undefined;
  const expected = followsPrimary || own === undefined ? primary : own.driver;
  if (expected === undefined || known.length === 0) return findings;
  const whose = followsPrimary || own === undefined ? 'the primary runtime' : `the kubelet (${own.from})`;
  const wrong = known.filter(({ driver }) => driver !== expected);
  for (const { id, driver } of wrong) {
    const means =
      'two managers of one tree of cgroups: under load the limits of pods are lost, and pods of this runtime may not start';
    const what = `${runtimeName(id)} uses the cgroup driver ${driver}, and ${whose} ${expected}`;
    findings.push(fail('cgroup-driver', what, means, ...mendDriver(id, expected)));
  }
  if (wrong.length === 0) {
    findings.push(
      ok(
        'cgroup-driver',
        `the cgroup driver is ${expected} everywhere`,
        `${known.length} runtimes were asked; it is that of ${whose}`,
      ),
    );
  }
  return findings;
}

function mendDriver(id: string, expected: string): string[] {
  const value = expected === 'systemd';
  return [
    `in the configuration of ${runtimeName(id)}: SystemdCgroup = ${value} (containerd), cgroup_manager = "${expected}" (CRI-O)`,
    'then restart that runtime',
  ];
}

/** The kubelet's own setting; undefined if it cannot be read. */
function readDriver(node: ExaminedNode, { args, config }: Kubelet): { driver: string; from: string } | undefined {
  const flag = findFlag(args, 'cgroup-driver');
  if (flag !== undefined && flag.value !== '') return { driver: flag.value, from: flag.origin.file };
  try {
    const found = findConfigValue(node.files, config, findFlag(args, 'config-dir')?.value, 'cgroupDriver');
    return found === undefined || found.value === ''
      ? { driver: 'cgroupfs', from: 'its default' }
      : { driver: found.value, from: found.file };
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    return undefined;
  }
}
