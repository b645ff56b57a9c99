import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeImageArchive } from './busybox-image.ts';
import { exitOf, processStamp, waitFor } from './child.ts';
import { type ContainerdRelease, containerdFolder } from './containerd-release.ts';
import { connect } from './cri-client.ts';

export interface ContainerdOptions {
  /** Runtime handlers beside the default `runc`; each is runc again. */
  handlers?: readonly string[];
  /** `host:port` of a plain HTTP registry that every pull goes to. */
  registry?: string;
  /** The address of the streaming server (stream_server_address); the default is 127.0.0.1. */
  streamAddress?: string;
  /** The default is the installed release. */
  release?: ContainerdRelease;
}

/** A private containerd; its pods end with it. Its images are `busybox` and `pause`, from busybox-static. */
export interface Containerd {
  readonly release: ContainerdRelease;
  readonly dir: string;
  readonly socketPath: string;
  /** A cgroup that is removed with it, for PodSandboxConfig's cgroup_parent. */
  readonly cgroupParent: string;
  /** Its log since its start. */
  log(): string;
  /** Ends containerd alone, as a crash does: pods keep running. */
  kill(): Promise<void>;
  /** Stops its process, and keeps its connections open; `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same files; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it with its pods, and removes everything that it left on the machine. */
  stop(): Promise<void>;
}

export const busyboxImage = 'docker.io/library/busybox:latest';
export const pauseImage = 'registry.k8s.io/pause:3.6';

const base = join(tmpdir(), 'criproxy-containerd');
const cleanupScript = fileURLToPath(new URL('containerd-cleanup.sh', import.meta.url));

/** Needs root, containerd, runc, the CNI plugins and busybox-static. Any number may run side by side. */
export async function startContainerd(options: ContainerdOptions = {}): Promise<Containerd> {
  const { release = '1.6' } = options;
  const programs = containerdFolder(release);
  sweepLeftovers();
  const { number, dir } = claimNumber();
  const keeper = spawn('sh', [cleanupScript, dir], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  writeConfig(dir, number, options);
  let child: ChildProcess | undefined;
  const containerd: Containerd = {
    release,
    dir,
    socketPath: join(dir, 'containerd.sock'),
    cgroupParent: `/${basename(dir)}`,
    log: () => readFileSync(join(dir, 'log'), 'utf8'),
    async kill() {
      child?.kill('SIGKILL');
      if (child) await exitOf(child);
      child = undefined;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async start() {
      await containerd.kill();
      child = spawnContainerd(dir, programs);
      await waitUntilServing(containerd, child);
    },
    async stop() {
      keeper.stdin?.end();
      await exitOf(keeper);
    },
  };
  try {
    await containerd.start();
    importImages(containerd, programs);
  } catch (error) {
    await containerd.stop();
    throw error;
  }
  return containerd;
}

/** Ends the leftovers of test runs that were killed together with their clean-up. */
function sweepLeftovers(): void {
  mkdirSync(base, { recursive: true });
  for (const number of readdirSync(base)) {
    const claim = join(base, number);
    if (isOwned(claim)) continue;
    for (const dir of subfolders(claim))
      spawnSync('sh', [cleanupScript, dir], { stdio: ['ignore', 'ignore', 'inherit'] });
    rmSync(claim, { recursive: true, force: true });
  }
}

function isOwned(claim: string): boolean {
  try {
    const stamp = readFileSync(join(claim, 'owner'), 'utf8');
    return processStamp(Number.parseInt(stamp, 10)) === stamp;
  } catch {
    // A folder has no owner's signature for a moment after its creation.
    return Date.now() - (statSync(claim, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 10_000;
  }
}

function subfolders(folder: string): string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => join(folder, name));
}

/**
 * The number of a pod subnet, 10.88.N.0/24, that no other instance on this machine has, and a folder with a unique name:
 * its bridge and its cgroup have the same name, so that its leftovers can be told from another's.
 */
function claimNumber(): { number: number; dir: string } {
  for (let number = 1; number <= 250; number++) {
    const claim = join(base, String(number));
    try {
      mkdirSync(claim);
    } catch {
      continue;
    }
    writeFileSync(join(claim, 'owner'), processStamp(process.pid)!);
    return { number, dir: mkdtempSync(join(claim, 'cri-')) };
  }
  throw new Error(`no free pod subnet: remove ${base}`);
}

function writeConfig(dir: string, number: number, options: ContainerdOptions): void {
  const { handlers = [], registry, streamAddress = '127.0.0.1' } = options;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const runtimes = ['runc', ...handlers].map(
    name => `[${cri}.containerd.runtimes."${name}"]\n  runtime_type = "io.containerd.runc.v2"\n`,
  );
  mkdirSync(join(dir, 'cni'));
  mkdirSync(join(dir, 'certs.d/_default'), { recursive: true });
  writeFileSync(
    join(dir, 'config.toml'),
    `version = 2
root = "${dir}/root"
state = "${dir}/state"
[grpc]
  address = "${dir}/containerd.sock"
[${cri}]
  sandbox_image = "${pauseImage}"
  # Without CAP_SYS_RESOURCE runc may not lower the score, and every pod fails.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "${streamAddress}"
  stream_server_port = "0"
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${dir}/cni"
[${cri}.registry]
  config_path = "${dir}/certs.d"
${runtimes.join('')}`,
  );
  const network = {
    cniVersion: '0.4.0',
    name: basename(dir),
    plugins: [
      {
        type: 'bridge',
        bridge: basename(dir),
        isGateway: true,
        ipam: { type: 'host-local', subnet: `10.88.${number}.0/24`, dataDir: `${dir}/ipam` },
      },
      { type: 'loopback' },
    ],
  };
  writeFileSync(join(dir, 'cni/10-pod.conflist'), JSON.stringify(network));
  const hosts = `server = "http://${registry}"\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`;
  if (registry) writeFileSync(join(dir, 'certs.d/_default/hosts.toml'), hosts);
}

function spawnContainerd(dir: string, programs: string): ChildProcess {
  const log = openSync(join(dir, 'log'), 'a');
  const child = spawn(join(programs, 'containerd'), ['--config', join(dir, 'config.toml')], {
    // containerd finds its shims by PATH.
    env: { ...process.env, PATH: `${programs}:${process.env['PATH']}` },
    // Its own session: a Ctrl-C at the terminal is for the test, and the clean-up follows.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  writeFileSync(join(dir, 'pid'), String(child.pid ?? ''));
  return child;
}

async function waitUntilServing(containerd: Containerd, child: ChildProcess): Promise<void> {
  const failed = exitOf(child).then(({ code, signal }) => {
    throw new Error(`containerd ended (${code ?? signal}): ${containerd.log().slice(-500)}`);
  });
  // It may end at any later time, without anybody waiting for it here.
  failed.catch(() => undefined);
  const serving = waitFor('containerd', async () => {
    const client = connect(containerd.socketPath);
    const { code } = await client.ask('Version').finally(() => client.close());
    return code === 0 || undefined;
  });
  await Promise.race([serving, failed]);
}

function importImages({ dir, socketPath }: Containerd, programs: string): void {
  const archive = join(dir, 'images.tar');
  writeImageArchive(archive, [{ ref: busyboxImage }, { ref: pauseImage, labels: { role: 'pause' } }]);
  execFileSync(join(programs, 'ctr'), ['-a', socketPath, '-n', 'k8s.io', 'images', 'import', archive], {
    stdio: 'pipe',
  });
  rmSync(archive);
}
