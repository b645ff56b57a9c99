import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { describeArtefact, printArtefact, writeManifest } from './artefact.ts';
import { packLibraries } from './packed-libraries.ts';
import { readVersion } from './version.ts';

const root = resolve(import.meta.dirname, '..');

/**
 * Bundles the program into one CommonJS file, `criproxy.cjs` in `out`, with the list of what went into it beside it
 * (`criproxy.inputs.json`, esbuild's metafile). `isReadable`: as it is written, with the names of its modules. Throws on a warning too.
 */
export async function bundle(entry: string, out: string, isReadable = false): Promise<string> {
  const { version, commit } = readVersion(root);
  const outfile = join(out, 'criproxy.cjs');
  mkdirSync(out, { recursive: true });
  const inputs: string[] = [];
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The source stays resident twice, as V8's string and in the executable. Lines stay short enough for a stack to name a place.
    minifyWhitespace: !isReadable,
    lineLimit: isReadable ? 0 : 120,
    charset: 'ascii', // a single character beyond Latin-1 makes V8 keep two bytes for every character
    legalComments: 'none', // the package's copyright file holds every licence in full
    define: { CRIPROXY_BUILD: JSON.stringify({ version, commit }) },
    metafile: true,
    plugins: [packLibraries(['@grpc/grpc-js', 'prom-client'], root, inputs)],
    logLevel: 'warning',
  });
  if (result.warnings.length > 0) throw new Error(`esbuild warned ${result.warnings.length} times, see above`);
  inputs.push(...Object.keys(result.metafile.inputs).filter(path => !path.startsWith('packed:')));
  writeFileSync(join(out, 'criproxy.inputs.json'), `${JSON.stringify(inputs.sort())}\n`);
  return outfile;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      entry: { type: 'string', default: 'src/main.ts' },
      out: { type: 'string', default: join(root, 'dist') },
    },
  });
  const out = resolve(values.out);
  const made = describeArtefact(await bundle(values.entry, out));
  writeManifest(out, { source: readVersion(root), bundle: made });
  printArtefact(made);
}
