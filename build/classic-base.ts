import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, architectures } from './architecture.ts';
import { pkgHome, pkgRequire, runPkg } from './pkg.ts';

/** A Node.js for pkg's classic mode: a file for this process alone, and its version; or pkg's words, if there is none. */
export type ClassicBase = { readonly path: string; readonly node: string } | { readonly failure: string };

/**
 * pkg's static Node.js, which takes no options from NODE_OPTIONS. (Node has no other switch for that outside of SEA: the daemon
 * would run the code of a monitoring agent's `--require` as root, or not start, since pkg's Node refuses most options there.)
 */
export function makeClassicBase(architecture: Architecture): ClassicBase {
  const { npm } = architectures[architecture];
  const node = staticNode(architecture);
  const { ok, output } = runPkg([join(import.meta.dirname, 'fetch-static.ts'), node, npm]);
  const fetched = /^base (.+)$/m.exec(output)?.[1];
  if (!ok || fetched === undefined) return { failure: output };
  const path = join(pkgHome, `classic-${architecture}-${process.pid}`);
  writeFileSync(path, ignoreNodeOptions(readFileSync(fetched)), { mode: 0o755 });
  return { path, node };
}

/** The version of pkg's static Node.js 24. */
export function staticNode(architecture: Architecture): string {
  const { npm } = architectures[architecture];
  const shas = pkgRequire('@yao-pkg/pkg-fetch/lib-es5/expected-shas.json') as Record<string, string>;
  const name = new RegExp(`^node-v(24[.\\d]+)-linuxstatic-${npm}$`);
  const found = Object.keys(shas).flatMap(key => name.exec(key)?.[1] ?? []);
  if (found[0] === undefined) throw new Error(`This version of pkg has no linuxstatic base for Node 24 on ${npm}`);
  return found[0];
}

const NAME = Buffer.from('NODE_OPTIONS\0');
/** V8's own strings have their length before them: scripts' `process.env.NODE_OPTIONS` stays. */
const V8_LENGTH = Buffer.from([12, 0, 0, 0]);

/**
 * The name that Node's C++ asks getenv(3) for becomes one that no environment has. If the linker has joined equal ends of strings,
 * the name is the end of a message. Throws if it is not found.
 */
export function ignoreNodeOptions(program: Buffer): Buffer {
  const changed = Buffer.from(program);
  let count = 0;
  for (let at = program.indexOf(NAME); at !== -1; at = program.indexOf(NAME, at + 1)) {
    const before = program.subarray(Math.max(at - 4, 0), at);
    if (before.equals(V8_LENGTH) || !(before.at(-1) === 0 || before.equals(Buffer.from(' in ')))) continue;
    changed.write('=', at);
    count++;
  }
  if (count === 0) throw new Error('The static Node.js has no NODE_OPTIONS where build/classic-base.ts looks for it');
  return changed;
}
