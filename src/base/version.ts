/** Put in by build/bundle.ts (esbuild's define). */
declare const CRIPROXY_BUILD: { readonly version: string; readonly commit: string } | undefined;

const build = typeof CRIPROXY_BUILD === 'undefined' ? { version: '0.0.0-source', commit: 'unknown' } : CRIPROXY_BUILD;
const { criproxyBase } = globalThis as { criproxyBase?: string };

/**
 * The origin of this program. `base` is the Node.js that runs it, and for an executable the way it is linked, the machine and pkg's mode,
 * which build/executable.ts puts in: `Node 24.21.0, dynamic, glibc, amd64, sea`.
 */
export const version = {
  version: build.version,
  commit: build.commit,
  base: `Node ${process.versions.node}, ${criproxyBase ?? 'scripts'}`,
} as const;

/** The text of `criproxy -version`: one line, without its end. */
export function formatVersion(): string {
  return `criproxy ${version.version} (commit ${version.commit}, ${version.base})`;
}
