import { runtimeLabel, runtimeName } from '../base/runtime-name.ts';
import type { Facts } from './facts.ts';
import { aside, type Finding, warn } from './finding.ts';

/** How many names a finding has at most; the rest is counted. */
const MOST = 20;

/** Checks for images that only one runtime has: a pod that moves to another runtime must pull them, and may not be able to. */
export function checkImages({ report }: Facts): Finding[] {
  return (report?.runtimes ?? []).flatMap(({ id, socket, soleImages }) => {
    if (soleImages == null) return [];
    const check = `images-${runtimeLabel(id)}`;
    const findings = soleImages.missing.map(({ runtime: to, names }) => {
      const target = report?.runtimes.find(other => other.id === to)?.socket ?? '';
      const what = `${runtimeName(id)} has images of running pods that ${runtimeName(to)} has not: ${list(names)}`;
      const means =
        `pods that take their place go to ${runtimeName(to)}: with imagePullPolicy Never, or without a registry that has the image, ` +
        'they do not start';
      return warn(check, what, means, ...copy(socket, target, names));
    });
    const { only } = soleImages;
    if (only.length === 0) return findings;
    const what = `only ${runtimeName(id)} has ${only.length === 1 ? 'this image' : `these ${only.length} images`}: ${list(only)}`;
    const means = 'a pod on another runtime has them pulled, if their registry has them';
    return [...findings, aside(`${check}-only`, what, means)];
  });
}

function list(names: readonly string[]): string {
  const rest = names.length - MOST;
  return names.slice(0, MOST).join(', ') + (rest > 0 ? ` and ${rest} more (-o json has all)` : '');
}

const isDocker = (socket: string) => /\/(cri-dockerd|dockershim)\.sock$/.test(socket);
const isContainerd = (socket: string) => /containerd\S*\.sock$/.test(socket) && !isDocker(socket);

/** Commands that copy images from one runtime to another, if a way is known; else commands that pull them. */
function copy(from: string, to: string, names: readonly string[]): string[] {
  const some = names.slice(0, MOST).join(' ');
  const ctr = (socket: string) => `ctr -a ${socket} -n k8s.io images`;
  const save = isDocker(from) ? `docker save ${some}` : `${ctr(from)} export - ${some}`;
  if (isContainerd(to) && (isDocker(from) || isContainerd(from))) return [`${save} | ${ctr(to)} import -`];
  return names.slice(0, MOST).map(name => `crictl --runtime-endpoint unix://${to} pull ${name}`);
}
