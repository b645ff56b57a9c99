import { findFlag } from '../setup/command.ts';
import { sameEndpoint } from '../setup/endpoint.ts';
import { KUBELET_UNIT, type Kubelet } from '../setup/kubelet.ts';
import { describePlace } from '../setup/kubelet-setting.ts';
import { findNextStep } from '../setup/next-step.ts';
import { describeConnections, findRunningKubelet, usesSocket } from '../setup/running-kubelet.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok, skip, warn } from './finding.ts';
import type { ExaminedNode } from './node.ts';

const APPLY = 'criproxy setup apply';

/** Checks that the kubelet uses the proxy, by its files and by the connections of the running kubelet. */
export function checkKubelet(node: ExaminedNode, facts: Facts): Finding[] {
  const { kubelet, strange, listen } = facts;
  if (strange !== undefined) {
    const means = 'whether the kubelet uses criproxy is not checked';
    if (!node.isRoot) return [skip('kubelet-endpoint', `${strange.where}: ${strange.saw}`, means)];
    return [
      warn(
        'kubelet-endpoint',
        `the kubelet is not understood: ${strange.where}: ${strange.saw}`,
        means,
        strange.remedy,
      ),
    ];
  }
  if (kubelet === undefined) {
    return [
      warn(
        'kubelet-endpoint',
        `there is no ${KUBELET_UNIT}, no known distribution, and no other service that runs a kubelet`,
        'the client of criproxy is not checked',
      ),
    ];
  }
  return [...checkEndpoints(node, kubelet, listen), ...checkFlags(kubelet), ...checkRunning(node, kubelet, listen)];
}

function checkEndpoints(node: ExaminedNode, kubelet: Kubelet, listen: string): Finding[] {
  const { endpoint, imageEndpoint, usesDocker, version } = kubelet;
  const mend = () => findNextStep(node.files, kubelet, `unix://${listen}`, node).toDo;
  if (usesDocker || endpoint === undefined) {
    const what = usesDocker ? 'talks to Docker by itself' : 'has no runtime endpoint, and uses its default';
    return [fail('kubelet-endpoint', `the kubelet (${version}) ${what}`, 'criproxy is not in use', mend())];
  }
  if (!sameEndpoint(endpoint.value, listen)) {
    const what = `the kubelet (${version}) uses ${endpoint.value}, and not ${listen} (${describePlace(endpoint.place)})`;
    return [fail('kubelet-endpoint', what, 'criproxy is not in use: no pod gets to another runtime', mend())];
  }
  const findings = [
    ok('kubelet-endpoint', `the kubelet (${version}) uses ${listen}`, `so says ${describePlace(endpoint.place)}`),
  ];
  if (imageEndpoint !== undefined && !sameEndpoint(imageEndpoint.value, listen)) {
    const means = 'images are pulled, listed and removed past criproxy: pods of other runtimes have none';
    const what = `the kubelet has its images from ${imageEndpoint.value} (${describePlace(imageEndpoint.place)})`;
    findings.push(fail('kubelet-images', what, means, APPLY));
  }
  return findings;
}

/** Flags that end a kubelet, with the first release without them (kubernetes/kubernetes CHANGELOG-1.27). */
const refusedFlags = [{ flag: 'container-runtime', first: 27 }] as const;

function checkFlags({ args, minor }: Kubelet): Finding[] {
  return refusedFlags.flatMap(({ flag, first }) => {
    const found = findFlag(args, flag);
    if (found === undefined || minor === undefined || minor < first) return [];
    const where = describePlace({ kind: 'flag', origin: found.origin });
    const what = `the kubelet (1.${minor}) does not know --${flag}, which it is given by ${where}`;
    return [
      fail(
        'kubelet-flags',
        what,
        'it ends at its next start',
        APPLY,
        `sed -i 's/--${flag}=[a-z]* *//' ${found.origin.file}`,
      ),
    ];
  });
}

/** Compares the running kubelet with its files: a kubelet that was not restarted since uses the old settings. */
function checkRunning(node: ExaminedNode, kubelet: Kubelet, listen: string): Finding[] {
  const check = 'kubelet-running';
  const unit = kubelet.unit.name;
  const state = node.unit(unit)?.['ActiveState'];
  if (state === undefined) return [];
  if (state !== 'active') {
    const mend = [`journalctl -u ${unit} -n 50 --no-pager`, `systemctl restart ${unit}`];
    return [warn(check, `${unit} is ${state}`, 'nothing on this node starts or stops pods', ...mend)];
  }
  const running = findRunningKubelet(node, kubelet.minor, unit);
  if (running === undefined)
    return [skip(check, `${unit} is active, and its processes cannot be listed`, 'what it uses is not checked')];
  const uses = usesSocket(running, listen);
  const isConfigured = kubelet.endpoint !== undefined && sameEndpoint(kubelet.endpoint.value, listen);
  const does = `the kubelet that runs (pid ${running.pid}): ${describeConnections(running)}`;
  if (uses === 'unknown') return [skip(check, does, 'whether it uses criproxy cannot be told')];
  if (uses === 'yes' && isConfigured) return [ok(check, does, 'it uses criproxy, as its files say')];
  if (uses === 'yes') {
    const means = 'its files say something else: after its next start criproxy is not in use';
    return [warn(check, does, means, APPLY)];
  }
  if (!isConfigured) return [];
  const means = `its files say ${listen}: it was not restarted since, or criproxy does not listen`;
  return [fail(check, does, means, 'systemctl status criproxy.socket criproxy.service', `systemctl restart ${unit}`)];
}
