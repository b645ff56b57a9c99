import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, architectures } from './architecture.ts';
import { formatSize } from './artefact.ts';
import { runBinutils } from './elf.ts';
import { nodePackage, nodeProgram } from './node-packages.ts';
import { pkgHome } from './pkg.ts';
import { trimIcu } from './trim-icu.ts';

/** A Node.js for pkg's mode SEA: the file, and its version. */
export interface SeaBase {
  readonly path: string;
  readonly node: string;
}

/** Puts the pinned Node, without the parts that are never used, into pkg's cache, where pkg looks before it downloads. */
export function makeSeaBase(architecture: Architecture): SeaBase {
  const node = nodePackage(architecture).version;
  const program = nodeProgram(architecture);
  const sea = join(pkgHome, '.pkg-cache', 'sea');
  const name = `node-v${node}-linux-${architectures[architecture].npm}`;
  const bin = join(sea, name, 'bin');
  mkdirSync(bin, { recursive: true });
  const part = join(bin, `node.${process.pid}`);
  runBinutils('strip', program, ['--remove-section=.comment', '-o', part, program]);
  const cleared = trimIcu(part);
  const [whole, stripped] = [program, part].map(path => formatSize(statSync(path).size));
  process.stdout.write(
    `node ${node} ${architecture}  ${whole}, without symbols ${stripped}, of them ${formatSize(cleared)} of ICU cleared\n`,
  );
  renameSync(part, join(bin, 'node'));
  for (const marker of [join(bin, 'node.ok'), ...['', '.ok'].map(end => join(sea, `${name}.tar.gz${end}`))])
    writeFileSync(marker, '');
  return { path: join(bin, 'node'), node };
}
