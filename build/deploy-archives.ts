import { cpSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeArtefact, printArtefact, writeManifest } from './artefact.ts';
import { normalizeTree, readText, stageFiles } from './stage.ts';
import { packFolder } from './tarball.ts';
import { readVersion } from './version.ts';

const root = resolve(import.meta.dirname, '..');

/** The chart with this version, as Helm reads it: the files of the base replace the links to them. */
export function stageChart(folder: string, version: string): void {
  const chart = join(root, 'deploy', 'chart');
  for (const name of readdirSync(chart))
    cpSync(realpathSync(join(chart, name)), join(folder, name), { recursive: true });
  const about = readText(folder, 'Chart.yaml').replace(/^(version|appVersion): .*$/gm, `$1: ${version}`);
  stageFiles(folder, [{ path: 'Chart.yaml', content: about }]);
}

/** Makes the Helm chart and the archive of the Kustomize folders: dist/criproxy-installer-X.Y.Z.tgz, dist/criproxy_X.Y.Z_deploy.tar.gz. */
function main(): void {
  const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } });
  process.umask(0o022);
  const out = resolve(values.out);
  const { version, epoch } = readVersion(root);
  const stage = join(out, 'stage-deploy');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  stageChart(join(stage, 'criproxy-installer'), version);
  for (const name of ['base', 'components', 'overlays'])
    cpSync(join(root, 'deploy', name), join(stage, 'deploy', name), { recursive: true });
  normalizeTree(stage, epoch);
  const chart = join(out, `criproxy-installer-${version}.tgz`);
  const manifests = join(out, `criproxy_${version}_deploy.tar.gz`);
  packFolder(stage, ['criproxy-installer'], chart, epoch);
  packFolder(stage, ['deploy'], manifests, epoch);
  rmSync(stage, { recursive: true });
  const made = [chart, manifests].map(describeArtefact);
  writeManifest(out, { deploy: made });
  for (const artefact of made) printArtefact(artefact);
}

if (import.meta.main) main();
