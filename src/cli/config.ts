import type { RuntimeAddress } from '../app/linked-runtime.ts';
import type { ProxyConfig } from '../app/proxy.ts';
import { idFault } from '../routing/names.ts';
import { type FlagValues, parseDuration } from './flags.ts';
import { nodeAddress } from './node-address.ts';
import { readChoice, readHandlers, readPins } from './routing-flags.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

/** What the daemon runs with, from its flags. Throws a UsageError. */
export function readConfig(flags: FlagValues): ProxyConfig & { readonly level: number } {
  const listen = socketPath(flags.get('listen')!);
  if (typeof listen !== 'string') throw new UsageError(`flag -listen: "${flags.get('listen')}" ${listen.fault}`);
  const runtimes = readConnect(flags.get('connect')!, listen);
  const ids = runtimes.map(({ id }) => id);
  return {
    runtimes,
    listen,
    handlers: readHandlers(flags.get('handlers')!, ids),
    ids: readChoice('ids', flags.get('ids')!, ['prefixed', 'raw']),
    imageFs: readChoice('imageFs', flags.get('imageFs')!, ['primary', 'fullest', 'all']),
    pins: readPins(flags.get('pin')!, ids),
    streamBase: readStreamBase(flags.get('streamUrl')!, flags.get('streamPort')!),
    listTimeout: readListTimeout(flags.get('listTimeout')!),
    maxSnapshotAge: parseDuration(flags.get('maxSnapshotAge')!),
    stateDir: readStateDir(flags.get('stateDir')!),
    userAgent: `criproxy/${version.version}`,
    version: version.version,
    level: readLevel(flags.get('v')!),
  };
}

function readConnect(text: string, listen: string): [RuntimeAddress, ...RuntimeAddress[]] {
  const found: RuntimeAddress[] = [];
  for (const entry of text.split(',')) {
    const fail = (fault: string) => new UsageError(`flag -connect: "${entry}" ${fault}`);
    const address = readAddress(entry, fail);
    if (found.length === 0 && address.id !== '') {
      throw fail(
        "cannot be the first: the first runtime is the primary and has no id; put the primary's socket before it",
      );
    }
    if (found.length > 0 && address.id === '') {
      throw fail('is a second primary: only the first runtime is without an id; write it as id:socket');
    }
    if (found.some(other => other.id === address.id)) {
      throw fail(`has the id of another runtime, "${address.id}"; give it an id of its own`);
    }
    if (found.some(other => other.path === address.path)) {
      throw fail('has the socket of another runtime; name each runtime once');
    }
    if (address.path === listen) throw fail('is the socket of -listen: criproxy cannot be its own runtime; change one');
    found.push(address);
  }
  return found as [RuntimeAddress, ...RuntimeAddress[]];
}

function readAddress(entry: string, fail: (fault: string) => UsageError): RuntimeAddress {
  if (entry === '') throw fail('is empty; write a socket path, as /run/containerd/containerd.sock');
  const colon = entry.indexOf(':');
  const bare = colon < 0 || entry.startsWith('/') || entry.startsWith('unix:');
  const id = bare ? '' : entry.slice(0, colon);
  const fault = bare ? undefined : idFault(id);
  if (fault !== undefined) throw fail(`has an id that cannot be used: ${fault}`);
  const path = socketPath(bare ? entry : entry.slice(colon + 1));
  if (typeof path !== 'string') throw fail(path.fault);
  return { id, path };
}

/** `/path`, `unix:/path` and `unix:///path` are the same everywhere. */
function socketPath(text: string): string | { fault: string } {
  const path = text.replace(/^unix:(?:\/\/)?(?=\/)/, '');
  if (path.includes('://')) return { fault: 'is not a unix socket; write /path or unix:///path' };
  if (!path.startsWith('/')) return { fault: 'is not an absolute path; write /path or unix:///path' };
  return path;
}

function readLevel(text: string): number {
  const level = Number(text);
  if (level < 0 || level > 5) throw new UsageError(`flag -v: "${text}" is not a log level; use 0 to 5`);
  return level;
}

function readListTimeout(text: string): number {
  const timeout = parseDuration(text);
  if (timeout === undefined || timeout <= 0) {
    throw new UsageError(`flag -listTimeout: "${text}" gives runtimes no time to answer; write it as 1s or 500ms`);
  }
  return timeout;
}

function readStateDir(text: string): string | undefined {
  if (text !== '' && !text.startsWith('/')) {
    throw new UsageError(`flag -stateDir: "${text}" is not an absolute path; write it as /var/lib/criproxy`);
  }
  return text === '' ? undefined : text;
}

function readStreamBase(url: string, port: string): string {
  if (url !== '') {
    const match = /^(https?:\/\/[^/?#]+)\/?$/.exec(url);
    if (match === null || !URL.canParse(url)) {
      throw new UsageError(
        `flag -streamUrl: "${url}" is not http://host:port; write the streaming server's address so`,
      );
    }
    return match[1]!;
  }
  if (!(Number(port) >= 1 && Number(port) <= 65535)) {
    throw new UsageError(`flag -streamPort: "${port}" is not a port; use 1 to 65535`);
  }
  return `http://${nodeAddress()}:${port}`;
}
