import { sameEndpoint } from '../setup/endpoint.ts';
import { findEndpoints, KUBELET_UNIT, type Kubelet, type Setting } from '../setup/kubelet.ts';
import type { Facts } from './facts.ts';
import { type Finding, fail, ok, skip, warn } from './finding.ts';
import type { ExaminedNode } from './node.ts';

const APPLY = 'criproxy setup apply';

/** That the kubelet uses the proxy, by what it is configured with and by what it was started with. */
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
      warn('kubelet-endpoint', `there is no ${KUBELET_UNIT} on this node`, 'whatever uses criproxy is not checked'),
    ];
  }
  return [...checkEndpoints(kubelet, listen), ...checkRunning(node, kubelet, listen)];
}

function checkEndpoints({ endpoint, imageEndpoint, usesDocker, version }: Kubelet, listen: string): Finding[] {
  if (usesDocker || endpoint === undefined) {
    const what = usesDocker ? 'talks to Docker by itself' : 'has no runtime endpoint, and uses its default';
    return [fail('kubelet-endpoint', `the kubelet (${version}) ${what}`, 'criproxy is not in use', APPLY)];
  }
  if (!sameEndpoint(endpoint.value, listen)) {
    const what = `the kubelet (${version}) uses ${endpoint.value}, and not ${listen} (${placeOf(endpoint)})`;
    return [fail('kubelet-endpoint', what, 'criproxy is not in use: no pod gets to another runtime', APPLY)];
  }
  const findings = [ok('kubelet-endpoint', `the kubelet (${version}) uses ${listen}`, `so says ${placeOf(endpoint)}`)];
  if (imageEndpoint !== undefined && !sameEndpoint(imageEndpoint.value, listen)) {
    const means = 'images are pulled, listed and removed past criproxy: pods of other runtimes have none';
    const what = `the kubelet has its images from ${imageEndpoint.value} (${placeOf(imageEndpoint)})`;
    findings.push(fail('kubelet-images', what, means, APPLY));
  }
  return findings;
}

function placeOf({ place }: Setting): string {
  return place.kind === 'config' ? place.file : `${place.origin.file} (${place.origin.variable ?? place.origin.key})`;
}

/** A kubelet that was not restarted after a change has the old endpoint. */
function checkRunning(node: ExaminedNode, kubelet: Kubelet, listen: string): Finding[] {
  const unit = node.unit(KUBELET_UNIT);
  if (unit === undefined) return [];
  const { ActiveState: active, MainPID: pid } = unit;
  if (active !== 'active') {
    const means = 'nothing on this node starts or stops pods';
    return [
      warn(
        'kubelet-running',
        `${KUBELET_UNIT} is ${active}`,
        means,
        `journalctl -u kubelet -n 50 --no-pager`,
        `systemctl restart kubelet`,
      ),
    ];
  }
  const origin = { file: `/proc/${pid}/cmdline`, syntax: 'unit', key: 'ExecStart' } as const;
  const args = node.readArguments(Number(pid));
  const line = { args: (args ?? []).map(text => ({ text, origin })), minor: kubelet.minor, folder: '/' };
  const { endpoint } = findEndpoints(node.files, line);
  if (args === undefined || endpoint === undefined || sameEndpoint(endpoint.value, listen)) {
    return [
      ok(
        'kubelet-running',
        `${KUBELET_UNIT} is active, pid ${pid}`,
        'it was started with the configuration that it has',
      ),
    ];
  }
  if (kubelet.endpoint !== undefined && !sameEndpoint(kubelet.endpoint.value, listen)) return [];
  const means = 'it was not restarted after the change: criproxy is not in use yet';
  return [fail('kubelet-running', `the kubelet that runs uses ${endpoint.value}`, means, 'systemctl restart kubelet')];
}
