import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { ownArchitecture } from '../../build/architecture.ts';

export const root = resolve(import.meta.dirname, '../..');

/** Runs a build script; throws with its output. */
export function runBuild(script: string, ...args: string[]): string {
  return runBuildWith({}, script, ...args);
}

/** Runs a build script with further variables in its environment. */
export function runBuildWith(more: Readonly<Record<string, string>>, script: string, ...args: string[]): string {
  const options = { cwd: root, encoding: 'utf8', stdio: 'pipe', env: { ...process.env, ...more } } as const;
  // The test runner adds options to NODE_OPTIONS, which the build must not get.
  return execFileSync('env', ['-u', 'NODE_OPTIONS', process.execPath, join(root, 'build', script), ...args], options);
}

/** Runs all steps of the pipeline into a folder, without compressing the packages. */
export function buildInto(out: string): void {
  runBuild('bundle.ts', '--out', out);
  runBuild('executable.ts', '--out', out, '--base', 'sea');
  runBuild('packages.ts', '--out', out, '--fast');
  runBuild('tarball.ts', '--out', out);
  runBuild('oci-image.ts', '--out', out, '--fast');
}

function hashInputs(bundle: string): string {
  const hash = createHash('sha256')
    .update(readFileSync(bundle))
    .update(readFileSync(join(root, 'CHANGELOG.md')));
  for (const folder of ['build', 'debian', 'docs/operate', 'test/packages'])
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort())
      if (statSync(join(root, folder, name)).isFile()) hash.update(name).update(readFileSync(join(root, folder, name)));
  return hash.digest('hex').slice(0, 16);
}

/** The same package with another version, to upgrade to. `change` edits its unpacked tree. */
export function repack(deb: string, to: string, version: string, change: (tree: string) => void = () => {}): void {
  const tree = mkdtempSync(join(tmpdir(), 'criproxy-repack-'));
  try {
    execFileSync('dpkg-deb', ['-R', deb, tree]);
    const control = join(tree, 'DEBIAN/control');
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
    change(tree);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', tree, to], { stdio: 'pipe' });
  } finally {
    rmSync(tree, { recursive: true });
  }
}

const NEW_SETTINGS = /^(NotifyAccess|Wants|PartOf|ExecReload|Timeout\w+|Watchdog\w+|StateDirectoryMode)\b.*\n/gm;

/** The package before it had a socket unit: the daemon listens by itself, and does not notify systemd. */
function withoutSocket(tree: string): void {
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(join(tree, path), change(readFileSync(join(tree, path), 'utf8')));
  rmSync(join(tree, 'usr/lib/systemd/system/criproxy.socket'));
  for (const script of ['postinst', 'postrm'])
    edit(`DEBIAN/${script}`, text => text.replaceAll('criproxy.socket ', ''));
  edit('usr/lib/systemd/system/criproxy.service', text =>
    text
      .replace('Type=notify', 'Type=exec')
      .replace('After=criproxy.socket ', 'After=')
      .replace('ProtectSystem=strict', 'ProtectSystem=strict\nReadWritePaths=/run')
      .replace(NEW_SETTINGS, ''),
  );
}

/** The package before its settings stopped being a conffile. */
function withConffile(tree: string): void {
  mkdirSync(join(tree, 'etc/default'), { recursive: true });
  renameSync(join(tree, 'usr/share/criproxy/default'), join(tree, 'etc/default/criproxy'));
  writeFileSync(join(tree, 'DEBIAN/conffiles'), '/etc/default/criproxy\n');
}

/** The package of criproxy 0.14: its files and the files that its postinst writes, with this program as its daemon. */
function packOldRelease(folder: string): void {
  const tree = mkdtempSync(join(tmpdir(), 'criproxy-old-'));
  cpSync(join(import.meta.dirname, 'criproxy-0.14'), tree, { recursive: true });
  const control = join(tree, 'DEBIAN/control');
  const text = readFileSync(control, 'utf8').replace(/^Architecture: .*$/m, `Architecture: ${ownArchitecture()}`);
  writeFileSync(control, text);
  for (const script of ['DEBIAN/postinst', 'usr/bin/criproxy']) chmodSync(join(tree, script), 0o755);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', tree, join(folder, 'criproxy-0.14.deb')], {
    stdio: 'pipe',
  });
  rmSync(tree, { recursive: true });
}

/** A kubelet's package with the stand-in. */
function packKubelet(folder: string, program: string, minor: number): void {
  const tree = mkdtempSync(join(tmpdir(), 'criproxy-kubelet-'));
  cpSync(program, join(tree, 'usr/bin/kubelet'), { recursive: true });
  writeFileSync(join(tree, 'usr/bin/kubelet.minor'), String(minor));
  const control = [
    'Package: kubelet',
    `Version: 1.${minor}.0`,
    'Architecture: all',
    'Maintainer: none <none@localhost>',
    'Description: stand-in',
    '',
  ];
  execFileSync('mkdir', [join(tree, 'DEBIAN')]);
  writeFileSync(join(tree, 'DEBIAN/control'), control.join('\n'));
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', tree, join(folder, `kubelet-${minor}.deb`)], {
    stdio: 'pipe',
  });
  rmSync(tree, { recursive: true });
}

/** The root of a container of the image: its layers, one over the other. */
function unpackImage(archive: string, to: string): void {
  const layout = mkdtempSync(join(tmpdir(), 'criproxy-image-'));
  try {
    execFileSync('tar', ['-C', layout, '-xf', archive]);
    const read = (digest: string) => readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    const { layers } = JSON.parse(read(index.manifests[0]!.digest).toString()) as { layers: { digest: string }[] };
    mkdirSync(to);
    for (const { digest } of layers)
      execFileSync('tar', ['-C', to, '-xzf', join(layout, 'blobs', digest.replace(':', '/'))]);
  } finally {
    rmSync(layout, { recursive: true });
  }
}

async function fill(folder: string): Promise<void> {
  buildInto(folder);
  await build({
    entryPoints: [join(import.meta.dirname, 'stand-in-kubelet.ts')],
    outfile: join(folder, 'kubelet'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    banner: { js: '#!/opt/node/node' },
  });
  execFileSync('chmod', ['755', join(folder, 'kubelet')]);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  renameSync(
    join(folder, `criproxy-installer_${version}_linux_${ownArchitecture()}.oci.tar`),
    join(folder, 'criproxy-installer.oci.tar'),
  );
  unpackImage(join(folder, 'criproxy-installer.oci.tar'), join(folder, 'image'));
  for (const name of ['criproxy', 'criproxy-nodeps']) {
    renameSync(join(folder, `${name}_${version}_${ownArchitecture()}.deb`), join(folder, `${name}.deb`));
    repack(join(folder, `${name}.deb`), join(folder, `${name}-next.deb`), `${version}+next`);
  }
  renameSync(join(folder, `criproxy_${version}_linux_${ownArchitecture()}.tar.gz`), join(folder, 'criproxy.tar.gz'));
  mkdirSync(join(folder, 'unpacked'));
  execFileSync('tar', ['-C', join(folder, 'unpacked'), '--strip-components=1', '-xf', join(folder, 'criproxy.tar.gz')]);
  repack(join(folder, 'criproxy.deb'), join(folder, 'criproxy-broken.deb'), `${version}+broken`, tree =>
    writeFileSync(
      join(tree, 'usr/bin/criproxy'),
      '#!/bin/sh\ncase $1 in setup | -version) exec /opt/packages/criproxy "$@" ;; esac\necho this daemon is broken >&2\nexit 7\n',
    ),
  );
  repack(join(folder, 'criproxy.deb'), join(folder, 'criproxy-dead.deb'), `${version}+dead`, tree =>
    writeFileSync(join(tree, 'usr/bin/criproxy'), '#!/bin/sh\nexit 7\n'),
  );
  repack(join(folder, 'criproxy.deb'), join(folder, 'criproxy-conffile.deb'), `${version}~conffile`, withConffile);
  packOldRelease(folder);
  repack(join(folder, 'criproxy.deb'), join(folder, 'criproxy-exec.deb'), `${version}~exec`, withoutSocket);
  for (const minor of [20, 24, 27, 31, 34]) packKubelet(folder, join(folder, 'kubelet'), minor);
}

const PREFIX = 'criproxy-packages-';
const HOUR = 3_600_000;

/** Removes the results of other sources, half a gigabyte each, unless they are recent: another run may still use them. */
function removeStale(): void {
  for (const name of readdirSync(tmpdir()).filter(entry => entry.startsWith(PREFIX))) {
    const path = join(tmpdir(), name);
    if (Date.now() - statSync(path).mtimeMs > HOUR) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The packages to test, and their stand-ins, made once for the sources as they are: `criproxy.deb`, `criproxy-nodeps.deb`,
 * `*-next.deb` to upgrade to, `criproxy-broken.deb` whose daemon ends at once, `criproxy-dead.deb` whose program does not even
 * run; to upgrade from, `criproxy-exec.deb`, which has no socket unit, `criproxy-conffile.deb`, whose settings are a conffile,
 * and `criproxy-0.14.deb`; `kubelet-MINOR.deb`, and the program `kubelet`; `criproxy.tar.gz`, and its files in
 * `unpacked`; `criproxy-installer.oci.tar`, and the root of its containers in `image`.
 */
export async function buildPackages(): Promise<string> {
  const part = mkdtempSync(join(tmpdir(), 'criproxy-built-'));
  try {
    runBuild('bundle.ts', '--out', part);
    const folder = join(tmpdir(), `${PREFIX}${hashInputs(join(part, 'criproxy.cjs'))}`);
    if (existsSync(folder)) {
      utimesSync(folder, new Date(), new Date());
      return folder;
    }
    removeStale();
    await fill(part);
    if (!existsSync(folder)) renameSync(part, folder);
    return folder;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
