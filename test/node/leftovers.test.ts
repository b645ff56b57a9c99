import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { spawnTied, waitFor } from '../support/child.ts';
import type { ContainerdRelease } from '../support/containerd-release.ts';
import { needs } from '../support/require.ts';

const script = (release: ContainerdRelease) => `
import { startContainerd } from '${new URL('../support/containerd.ts', import.meta.url)}';
import { connect } from '${new URL('../support/cri-client.ts', import.meta.url)}';
import { runContainer, runPod } from '${new URL('../support/pods.ts', import.meta.url)}';
const { dir, socketPath, cgroupParent, stop } = await startContainerd({ release: '${release}' });
const client = connect(socketPath);
const here = { imagePrefix: '', annotations: {} };
const pod = await runPod(client, here, { linux: { cgroup_parent: cgroupParent } });
await runContainer(client, here, pod);
client.close();
process.stdout.write(JSON.stringify({ dir, name: cgroupParent.slice(1), id: pod.id }) + '\\n');
process.stdin.once('data', () => stop());
`;

const tasks = 'state/io.containerd.runtime.v2.task/k8s.io';
const ends = ['stop', 'SIGKILL'] as const;
for (const [release, end] of [...ends.map(each => ['1.6', each] as const), ['2.1', 'SIGKILL'] as const]) {
  test(
    `a containerd ${release} of a test that ends by ${end} leaves nothing on the machine`,
    needs('root', 'demo'),
    async t => {
      const child = spawnTied(process.execPath, ['--input-type=module', '-e', script(release)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [line] = await once(child.stdout!, 'data');
      const { dir, name, id } = JSON.parse(line);
      const shim = readFileSync(`${dir}/${tasks}/${id}/${release === '1.6' ? 'address' : 'bootstrap.json'}`, 'utf8');
      const socket = /run\/containerd\/s\/(\w+)/.exec(shim)![1]!;
      const names = [dir, name, id, socket];
      t.not(tracesOf(names).length, 0, 'there is something to leave');
      if (end === 'stop') child.stdin!.end('\n');
      else child.kill(end);
      await once(child, 'exit');
      // The clean-up removes the folder, and ends a moment later itself.
      const isClean = () => (!existsSync(dir) && tracesOf(names).length === 0) || undefined;
      await waitFor('the clean-up', isClean, { timeout: 60_000 }).catch(() => {});
      t.same(tracesOf(names), []);
    },
  );
}

/** Mounts, processes, bridges, cgroups and files with one of the names in their own. */
function tracesOf(names: string[]): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const processes = readdirSync('/proc').map(pid => readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
  const folders = [
    '/sys/class/net',
    '/var/lib/cni/results',
    '/run/containerd/runc/k8s.io',
    '/run/containerd/s',
    '/run/netns',
  ];
  const files = folders.filter(existsSync).flatMap(folder => readdirSync(folder).map(file => `${folder}/${file}`));
  // Cgroups of other processes come and go meanwhile; find skips them, and readdir does not.
  const cgroups = spawnSync('find', ['/sys/fs/cgroup', '-type', 'd'], { encoding: 'utf8' }).stdout.split('\n');
  return [...mounts, ...processes, ...files, ...cgroups].filter(trace => names.some(name => trace.includes(name)));
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
