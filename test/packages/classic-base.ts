import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownArchitecture } from '../../build/architecture.ts';
import { staticNode } from '../../build/classic-base.ts';
import { nodeProgram } from '../../build/node-packages.ts';
import { pkgRequire } from '../../build/pkg.ts';
import { root } from './built.ts';

const own = ownArchitecture();

/** The bootstrap in pkg-fetch's patch of the Node.js of pkg's classic mode: lib/internal/bootstrap/pkg.js, in lines that begin with "+". */
const bootstrapFile = /^\+\+\+ node\/lib\/internal\/bootstrap\/pkg\.js\n@@.*\n((?:\+.*\n)+)/m;

/**
 * Does the work of pkg's patch before the bootstrap, from outside: the main thread is prepared already; internal modules can be required;
 * the loader of modules asks `fs`, where pkg's prelude adds its virtual files; argv[1] has the entry point. pkg looks for
 * the text of BAKERY, for options of Node, in every base.
 */
const before = `'use strict';
/*\0${'// BAKERY '.repeat(20)}*/
require = require('module').createRequire('/');
const { internalBinding } = require('internal/test/binding');
internalBinding('fs').internalModuleStat = (...args) => {
  const path = args.find(each => typeof each === 'string');
  const fs = require('fs');
  return !fs.existsSync(path) ? -1 : fs.statSync(path).isDirectory() ? 1 : 0;
};
process.argv[1] = 'PKG_DUMMY_ENTRYPOINT';
`;

/**
 * Makes, in `folder`, the nearest to a base of pkg's classic mode that needs no download: the pinned Node.js, with
 * pkg's own bootstrap as its single executable application. It takes options from NODE_OPTIONS, as pkg's does. Returns its path.
 */
export async function makeLocalBase(folder: string): Promise<string> {
  const [script, config, blob, base] = [
    `${folder}/boot.js`,
    `${folder}/sea.json`,
    `${folder}/blob`,
    `${folder}/base`,
  ] as const;
  const patch = join(root, `node_modules/@yao-pkg/pkg-fetch/patches/node.v${staticNode(own)}.cpp.patch`);
  const added = bootstrapFile.exec(readFileSync(patch, 'utf8'))?.[1]?.replace(/^\+/gm, '');
  const bootstrap = added?.slice(added.indexOf('(function () {'));
  if (bootstrap === undefined) throw new Error(`${patch} has no bootstrap of pkg`);
  writeFileSync(script, `${before}${bootstrap}\nrequire('module').runMain();\n`);
  const settings = { execArgv: ['--expose-internals', '--no-warnings'], execArgvExtension: 'env' };
  writeFileSync(
    config,
    JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true, ...settings }),
  );
  const node = nodeProgram(own);
  execFileSync(node, ['--experimental-sea-config', config], { stdio: 'pipe', env: {} });
  copyFileSync(node, base);
  await inject(base, 'NODE_SEA_BLOB', readFileSync(blob), {
    sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  });
  return base;
}

type Inject = (file: string, name: string, blob: Buffer, options: { sentinelFuse: string }) => Promise<void>;

const { inject } = pkgRequire('postject') as { inject: Inject };
