import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProxyOptions, type ProxyProcess, proxyCommand, startProxy } from '../../support/proxy.ts';

export interface NamespacedProxy extends ProxyProcess {
  /** A path as the running proxy sees it. */
  pathInside(path: string): string;
}

/** The proxy in a mount namespace of its own; `mounts` is a shell script that prepares it at each start. Needs root. */
export async function startProxyInNamespace(mounts: string, options: ProxyOptions): Promise<NamespacedProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-namespace-'));
  const [script, pidFile] = [join(folder, 'criproxy'), join(folder, 'pid')];
  const [command, args] = proxyCommand([]);
  const program = [command, ...args].map(word => `'${word}'`).join(' ');
  // Only one process is between here and the proxy, so that signals reach the proxy.
  writeFileSync(
    script,
    `#!/bin/sh
echo $$ >'${pidFile}'
exec unshare --mount --propagation private sh -c '${mounts.replaceAll("'", "'\\''")}
exec "$@"' - ${program} "$@"
`,
  );
  chmodSync(script, 0o755);
  const built = process.env['CRIPROXY_BIN'];
  process.env['CRIPROXY_BIN'] = script;
  // The command is read before the first await: only this proxy gets it.
  const starting = startProxy(options);
  if (built === undefined) delete process.env['CRIPROXY_BIN'];
  else process.env['CRIPROXY_BIN'] = built;
  const proxy = await starting;
  return {
    ...proxy,
    pathInside: path => `/proc/${readFileSync(pidFile, 'utf8').trim()}/root${path}`,
    async remove() {
      await proxy.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
