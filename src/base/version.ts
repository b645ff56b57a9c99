/** Put in by build/bundle.ts (esbuild's define). */
declare const CRIPROXY_BUILD: { readonly version: string; readonly commit: string } | undefined;

const build = typeof CRIPROXY_BUILD === 'undefined' ? { version: '0.0.0-source', commit: 'unknown' } : CRIPROXY_BUILD;
const { criproxyBase } = globalThis as { criproxyBase?: string };

/**
 * The origin of this program. `base` is the Node.js that runs it, the way it is linked, and pkg's mode, as build/executable.ts puts it
 * into an executable: `Node 24.21.0, dynamic, glibc, amd64, sea`; `scripts`: there is no executable.
 */
export const version = {
  version: build.version,
  commit: build.commit,
  base: criproxyBase ?? `Node ${process.versions.node}, scripts`,
} as const;

/** The text of `criproxy -version`: one line, without its end. */
export function formatVersion(): string {
  return `criproxy ${version.version} (commit ${version.commit}, ${version.base})`;
}
