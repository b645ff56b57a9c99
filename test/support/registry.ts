import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ImageSource, writeImageArchive } from './busybox-image.ts';
import { exitOf, spawnTied, waitFor } from './child.ts';

const run = promisify(execFile);

/** A registry on loopback, plain HTTP, that keeps everything in memory. */
export interface Registry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Pushes a busybox image as `name:tag` and returns its whole name, the registry's host included. */
  push(name: string, image?: Omit<ImageSource, 'ref'>): Promise<string>;
  stop(): Promise<void>;
}

/** Needs the Debian packages docker-registry, skopeo and busybox-static. */
export async function startRegistry(): Promise<Registry> {
  const dir = await mkdtemp(join(tmpdir(), 'registry-'));
  const config = join(dir, 'config.yml');
  await writeFile(config, 'version: 0.1\nstorage:\n  inmemory: {}\nhttp:\n  addr: 127.0.0.1:0\n');
  const child = spawnTied('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', text => {
    log += text;
  });
  const host = await waitFor('docker-registry', () => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`docker-registry ended: ${log.slice(-500)}`);
    return /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
  }).finally(() => rm(dir, { recursive: true }));
  return {
    host,
    async push(name, image = {}) {
      const ref = `${host}/${name}`;
      const work = await mkdtemp(join(tmpdir(), 'registry-push-'));
      try {
        const archive = join(work, 'image.tar');
        writeImageArchive(archive, [{ ...image, ref }]);
        const flags = ['--insecure-policy', '--tmpdir', work, 'copy', '--dest-tls-verify=false'];
        await run('skopeo', [...flags, `docker-archive:${archive}`, `docker://${ref}`]);
      } finally {
        await rm(work, { recursive: true });
      }
      return ref;
    },
    async stop() {
      child.kill('SIGKILL');
      await exitOf(child);
    },
  };
}
