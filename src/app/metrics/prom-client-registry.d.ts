/** The one file of prom-client that is needed here; the whole package is ten times as large. */
declare module 'prom-client/lib/registry.js' {
  import type { Registry } from 'prom-client';

  const registry: typeof Registry;
  export default registry;
}
