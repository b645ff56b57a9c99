/** Put in by build/bundle.ts (esbuild's define). */
declare const CRIPROXY_BUILD: { readonly version: string; readonly commit: string } | undefined;

const build = typeof CRIPROXY_BUILD === 'undefined' ? { version: '0.0.0-source', commit: 'unknown' } : CRIPROXY_BUILD;
const { criproxyBase } = globalThis as { criproxyBase?: string };

/**
 * The origin of this program. `base` is the Node.js that runs it: `static` or `sea` with its version for an
 * executable (build/executable.ts puts it in), `node` with its version for a bundle or the sources.
 */
export const version = {
  version: build.version,
  commit: build.commit,
  base: criproxyBase ?? `node ${process.version}`,
} as const;

/** The text of `criproxy -version`: one line, without its end. */
export function formatVersion(): string {
  return `criproxy ${version.version} (commit ${version.commit}, base ${version.base})`;
}
