import { isAwaited, type RuntimeReport } from '../admin/api/status-report.ts';
import { runtimeLabel, runtimeName } from '../base/runtime-name.ts';
import type { Facts } from './facts.ts';
import { aside, type Finding, fail, ok, warn } from './finding.ts';

/** The greatest age of the lists of a runtime that is up, in s; the proxy asks for them every 10 s. */
const STALE = 60;

/** Since Kubernetes 1.26 the kubelet speaks runtime.v1 alone (containerd 1.6, CRI-O 1.20 and later have it). */
const V1_ALONE = 26;

const MEANS_UNSEEN =
  'criproxy serves it as soon as it is up; if it does not belong on this node, remove it from -connect, or from the configuration file';

/** Checks that each runtime answers, is ready, and is new enough. */
export function checkRuntimes({ report, kubelet }: Facts): Finding[] {
  return (report?.runtimes ?? []).flatMap(runtime => checkRuntime(runtime, kubelet?.minor));
}

function checkRuntime(runtime: RuntimeReport, minor: number | undefined): Finding[] {
  const { id, state, socket, reason, since, name, version, packages, asked, snapshot } = runtime;
  const who = runtimeName(id);
  const check = `runtime-${runtimeLabel(id)}`;
  if (state === 'down') {
    if (isAwaited(runtime)) return [aside(check, `${who} is not seen yet: ${reason}`, MEANS_UNSEEN)];
    const what = `${who} is down since ${since}: ${reason}`;
    const mend = [...startOf(socket), 'criproxy status'];
    if (id === '')
      return [
        fail(check, what, 'pods without a RuntimeClass cannot start or stop; the node becomes NotReady', ...mend),
      ];
    if (runtime.lost === true) {
      const means = 'lists fail with Unavailable until it is up, and no pod starts on this node';
      return [
        fail(
          check,
          `${what}; its pods are not known any more`,
          means,
          ...mend,
          `criproxy forget ${id}   # only if it has left for good`,
        ),
      ];
    }
    const pods =
      snapshot.pods === null
        ? 'no pod of it is known, and none'
        : 'its pods are shown as they were last seen, and none';
    return [fail(check, what, `${pods} can be started or stopped; all other runtimes are served`, ...mend)];
  }
  const findings: Finding[] = [];
  const wrong = (asked?.conditions ?? []).filter(
    ({ type, status }) => /^(Runtime|Network)Ready$/.test(type) && !status,
  );
  for (const { type, reason: why, message } of wrong) {
    const means = id === '' ? 'the kubelet says that the node is NotReady' : 'its pods may not start';
    const mend = type === 'NetworkReady' ? ['ls -l /etc/cni/net.d /opt/cni/bin'] : [];
    findings.push(
      fail(
        `${check}-ready`,
        `${who} says that it is not ready: ${type}: ${message || why}`,
        means,
        ...mend,
        ...logOf(socket),
      ),
    );
  }
  if (asked !== undefined && asked.conditions === null) {
    findings.push(
      warn(`${check}-ready`, `${who} does not answer Status`, 'it hangs, or is overloaded', ...logOf(socket)),
    );
  }
  const age = Math.max(snapshot.pods?.ageSeconds ?? 0, snapshot.containers?.ageSeconds ?? 0);
  if (age > STALE) {
    const means = 'the kubelet sees its pods in their state of that time';
    findings.push(
      warn(`${check}-lists`, `${who} has not given its lists for ${Math.round(age)} s`, means, ...logOf(socket)),
    );
  }
  if (!packages.includes('runtime.v1')) {
    const old = `${who} (${name} ${version}) serves ${packages.join(', ')}, and not runtime.v1`;
    const needs = minor !== undefined && minor >= V1_ALONE ? `; this kubelet (1.${minor}) speaks that alone` : '';
    const means = `criproxy translates${needs}; but features that came with runtime.v1, such as statistics of pods, are missing`;
    findings.push(
      warn(
        `${check}-version`,
        old,
        means,
        'see the release notes of the runtime for one with CRI v1 (containerd 1.6, CRI-O 1.20)',
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [
    ok(
      check,
      `${who} is up: ${name} ${version}, serves ${packages.join(', ')}`,
      `it answers on ${socket}, and says that it is ready`,
    ),
  ];
}

const units: readonly [RegExp, string][] = [
  [/\/containerd\.sock$/, 'containerd'],
  [/\/crio\.sock$/, 'crio'],
  [/\/cri-dockerd\.sock$/, 'cri-docker'],
  [/\/dockershim\.sock$/, 'dockershim'],
];

function unitOf(socket: string): string | undefined {
  return units.find(([pattern]) => pattern.test(socket))?.[1];
}

function startOf(socket: string): string[] {
  const unit = unitOf(socket);
  return unit === undefined ? [`ls -l ${socket}`] : [`systemctl restart ${unit}`, ...logOf(socket)];
}

function logOf(socket: string): string[] {
  const unit = unitOf(socket);
  return unit === undefined ? [] : [`journalctl -u ${unit} -n 50 --no-pager`];
}
