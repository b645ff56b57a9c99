import { brotliCompressSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

/**
 * Puts libraries that are only imported dynamically into the bundle compressed; they are unpacked on their first import. A daemon
 * that never imports them need not carry and scan their sources, which are longer than its own. `inputs` gets their files, as
 * esbuild's metafile names them.
 */
export function packLibraries(names: readonly string[], root: string, inputs: string[]): Plugin {
  return {
    name: 'packed libraries',
    setup(bundling) {
      bundling.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path, namespace: 'packed' } : { errors: [{ text: `${path}: use import()` }] },
      );
      bundling.onLoad({ filter: /./, namespace: 'packed' }, async ({ path }) => {
        const { outputFiles, metafile, warnings } = await build({
          absWorkingDir: root,
          entryPoints: [path],
          bundle: true,
          write: false,
          minify: true,
          platform: 'node',
          target: 'node24',
          format: 'cjs',
          legalComments: 'none', // as for the bundle itself
          metafile: true,
          logLevel: 'silent',
        });
        inputs.push(...Object.keys(metafile.inputs));
        const packed = brotliCompressSync(outputFiles[0]!.contents).toString('base64');
        return { contents: unpacker(path, packed), loader: 'js', resolveDir: root, warnings };
      });
    },
  };
}

function unpacker(name: string, packed: string): string {
  return `
const { brotliDecompressSync } = require('node:zlib');
const { compileFunction } = require('node:vm');
const source = brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString();
compileFunction(source, ['module', 'exports', 'require'], { filename: '${name}' })(module, exports, require);
`;
}
