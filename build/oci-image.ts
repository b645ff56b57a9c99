import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ownArchitecture } from './architecture.ts';
import { describeArtefact, printArtefact, writeManifest } from './artefact.ts';
import { readElf } from './elf.ts';
import { normalizeTree, stageCopy } from './stage.ts';
import { packFolder, readBuild, stagePayload } from './tarball.ts';

const root = resolve(import.meta.dirname, '..');

/** The folder in the image with the files that `setup install` puts in place. The entrypoint is the program in it. */
export const PAYLOAD = 'criproxy';
/** The folder in the image with the Debian packages. */
export const PACKAGES = 'packages';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A folder of an OCI image layout: every blob by its digest (image-spec 1.1, image-layout.md). */
class Layout {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  add(mediaType: string, content: Buffer | object): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(this.folder, 'blobs/sha256', digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  }

  index(manifest: Descriptor & { readonly annotations: Readonly<Record<string, string>> }): void {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    writeFileSync(
      join(this.folder, 'index.json'),
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: [manifest] }),
    );
  }
}

const STATIC = 'apt-get install busybox-static, or give --busybox a static one of this architecture';

/** The program by which the entrypoint starts programs of the node (nsenter). It runs without a library. */
function stageBusybox(stage: string, busybox: string): void {
  if (!existsSync(busybox)) throw new Error(`${busybox} is not there: ${STATIC}`);
  if (readElf(busybox).interpreter !== undefined) throw new Error(`${busybox} is not static: ${STATIC}`);
  stageCopy(stage, 'bin/busybox', busybox, 0o755);
}

/** The libraries of a dynamic program, and its loader, from this machine. A release is static, and has none. */
function stageLibraries(stage: string, program: string): void {
  if (readElf(program).interpreter === undefined) return;
  const found = execFileSync('ldd', [program], { encoding: 'utf8' });
  for (const [, path] of found.matchAll(/(?:=> )?(\/\S+) \(0x/g)) stageCopy(stage, path!, realpathSync(path!), 0o755);
}

interface Image {
  readonly version: string;
  readonly architecture: string;
  readonly epoch: number;
  readonly level: number;
}

/** Writes two layers, each from a folder of `stage`: the base hardly ever changes from one release to the next. */
function writeImage(stage: string, folder: string, image: Image): void {
  const layout = new Layout(folder);
  const layers = ['base', 'release'].map(name => {
    normalizeTree(join(stage, name), image.epoch);
    const tar = join(stage, `${name}.tar`);
    packFolder(join(stage, name), ['.'], tar, image.epoch);
    const bytes = readFileSync(tar);
    const diffId = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const zipped = gzipSync(bytes, { level: image.level });
    return { diffId, layer: layout.add('application/vnd.oci.image.layer.v1.tar+gzip', zipped) };
  });
  const created = new Date(image.epoch * 1000).toISOString().replace('.000Z', 'Z');
  const config = layout.add('application/vnd.oci.image.config.v1+json', {
    created,
    architecture: image.architecture,
    os: 'linux',
    config: {
      User: '0',
      Env: ['PATH=/bin'],
      Entrypoint: [`/${PAYLOAD}/criproxy`, 'node-installer'],
      Labels: {
        'org.opencontainers.image.title': 'criproxy-installer',
        'org.opencontainers.image.version': image.version,
      },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = layout.add(mediaType, {
    schemaVersion: 2,
    mediaType,
    config,
    layers: layers.map(({ layer }) => layer),
  });
  const name = `docker.io/library/criproxy-installer:${image.version}`;
  const annotations = { 'org.opencontainers.image.ref.name': image.version, 'io.containerd.image.name': name };
  layout.index({ ...manifest, annotations });
}

/** Makes dist/criproxy-installer_X.Y.Z_linux_ARCH.oci.tar: an OCI image layout, with nothing but what an installation needs. */
function main(): void {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'dist') },
      busybox: { type: 'string', default: '/bin/busybox' },
      fast: { type: 'boolean', default: false },
    },
  });
  process.umask(0o022);
  const out = resolve(values.out);
  const { source, base } = readBuild(out);
  const { version, epoch } = source;
  const { architecture } = base;
  // The files from this machine are of its architecture.
  if (architecture !== ownArchitecture()) {
    process.stdout.write(`no image for ${architecture}: it is made on a machine of that architecture\n`);
    return;
  }
  const stage = join(out, 'stage-image');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, 'release', PACKAGES), { recursive: true });
  stageBusybox(join(stage, 'base'), values.busybox);
  stageLibraries(join(stage, 'base'), join(out, 'criproxy'));
  // The programs of a container look for these.
  for (const name of ['dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'var/run'])
    mkdirSync(join(stage, 'base', name), { recursive: true });
  stagePayload(out, join(stage, 'release', PAYLOAD));
  for (const name of ['criproxy', 'criproxy-nodeps']) {
    const deb = `${name}_${version}_${architecture}.deb`;
    copyFileSync(join(out, deb), join(stage, 'release', PACKAGES, `${name}.deb`));
  }
  const level = values.fast ? 1 : 6;
  writeImage(stage, join(stage, 'layout'), { version, architecture, epoch, level });
  const to = join(out, `criproxy-installer_${version}_linux_${architecture}.oci.tar`);
  packFolder(join(stage, 'layout'), ['oci-layout', 'index.json', 'blobs'], to, epoch);
  rmSync(stage, { recursive: true });
  const artefact = describeArtefact(to);
  writeManifest(out, { image: artefact });
  printArtefact(artefact, basename(to));
}

if (import.meta.main) main();
