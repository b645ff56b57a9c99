import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ImageSource {
  /** The name it is tagged with, host and tag included. */
  readonly ref: string;
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  /** Different labels make different image ids. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Writes a docker archive of images that are busybox-static and little else: nothing is downloaded. */
export function writeImageArchive(file: string, images: readonly ImageSource[]): void {
  const work = mkdtempSync(join(tmpdir(), 'busybox-image-'));
  try {
    const layer = writeLayer(work);
    const manifest = images.map(image => {
      const config = JSON.stringify({
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: {
          Env: ['PATH=/bin', ...(image.env ?? [])],
          Cmd: image.cmd ?? ['sleep', '2147483647'],
          Labels: image.labels,
        },
        rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
      });
      const name = `${createHash('sha256').update(config).digest('hex')}.json`;
      writeFileSync(join(work, name), config);
      return { Config: name, RepoTags: [image.ref], Layers: ['layer.tar'] };
    });
    writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
    const members = new Set(manifest.map(entry => entry.Config));
    execFileSync('tar', ['-C', work, '-cf', file, 'manifest.json', 'layer.tar', ...members]);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Makes `layer.tar` in the folder and returns its SHA-256; the same busybox gives the same bytes. */
function writeLayer(work: string): string {
  const root = join(work, 'root');
  for (const dir of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'root'])
    mkdirSync(join(root, dir), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/tmp:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nguest:x:1000:\n');
  const order = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const tar = execFileSync('tar', ['-C', root, ...order, '-cf', '-', '.'], { maxBuffer: 64 * 1024 * 1024 });
  writeFileSync(join(work, 'layer.tar'), tar);
  return createHash('sha256').update(tar).digest('hex');
}
