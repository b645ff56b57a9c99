import { isLevel, type Level } from '../base/log-level.ts';
import { formatVersion, version } from '../base/version.ts';
import { type FlagValues, parseDuration } from '../cli/grammar/flags.ts';
import { UsageError } from '../cli/grammar/usage-error.ts';
import { idFault } from '../routing/port/names.ts';
import type { ImageNames } from '../routing/port/routing-settings.ts';
import { isSameSocket } from '../transport/sockets/same-socket.ts';
import { nodeAddress } from './node-address.ts';
import { readOperating } from './operating-flags.ts';
import { ownSocketAt } from './own-sockets.ts';
import type { ProxyConfig, RuntimeAddress } from './proxy-config.ts';
import { readChoice, readHandlers, readPins } from './routing-flags.ts';
import { flagSetting, type Setting, type Settings } from './setting.ts';
import { socketPath } from './socket-path.ts';

export type Config = ProxyConfig;

export type LogFormat = Config['logFormat'];

/** What the daemon runs with, from its flags. Throws a UsageError. */
export function readConfig(flags: FlagValues): Config {
  return readSettings({ of: name => flagSetting(name, flags.get(name)!), extras: [] });
}

/** The ids in the value of -connect, whether or not the rest of it is right. */
export function idsIn(connect: string): string[] {
  return connect.split(',').map(entry => (isBare(entry) ? '' : entry.slice(0, entry.indexOf(':'))));
}

/** The same, from wherever they come. */
export function readSettings(settings: Settings): Config {
  const listenSetting = settings.of('listen');
  const listen = socketPath(listenSetting.text);
  if (typeof listen !== 'string') throw listenSetting.fail(listen.fault);
  const operating = readOperating(settings);
  const { adminSocket } = operating;
  if (adminSocket !== undefined && isSameSocket(listen, adminSocket))
    throw settings.of('adminSocket').fail('is the socket of -listen; change one', adminSocket);
  const runtimes = readConnect(settings.of('connect'), { listen, adminSocket });
  const ids = runtimes.map(({ id }) => id);
  return {
    runtimes,
    listen,
    ...readExtras(settings, ids),
    handlers: readHandlers(settings.of('handlers'), ids),
    ids: readChoice(settings.of('ids'), ['prefixed', 'raw']),
    imageNames: readImageNames(settings.of('imageNames')),
    imageFs: readChoice(settings.of('imageFs'), ['primary', 'fullest', 'all']),
    pins: readPins(settings.of('pin'), ids),
    streamBase: readStreamBase(settings.of('streamUrl'), settings.of('streamPort')),
    listTimeout: readListTimeout(settings.of('listTimeout')),
    maxSnapshotAge: parseDuration(settings.of('maxSnapshotAge').text),
    stateDir: readStateDir(settings.of('stateDir')),
    ...operating,
    logFormat: readChoice(settings.of('logFormat'), ['glog', 'json', 'journal']),
    program: formatVersion(),
    userAgent: `criproxy/${version.version}`,
    version: version.version,
    configFile: settings.of('config').text || undefined,
    level: readLevel(settings.of('v')),
  };
}

function readConnect(
  setting: Setting,
  own: Pick<Config, 'listen' | 'adminSocket'>,
): [RuntimeAddress, ...RuntimeAddress[]] {
  const found: RuntimeAddress[] = [];
  for (const entry of setting.text.split(',')) {
    const fail = (fault: string) => setting.fail(fault, entry);
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
    if (found.some(other => isSameSocket(other.path, address.path))) {
      throw fail('has the socket of another runtime; name each runtime once');
    }
    const name = ownSocketAt(address.path, own);
    if (name !== undefined) throw fail(`is the socket of -${name}: criproxy cannot be its own runtime; change one`);
    found.push(address);
  }
  return found as [RuntimeAddress, ...RuntimeAddress[]];
}

function readAddress(entry: string, fail: (fault: string) => UsageError): RuntimeAddress {
  if (entry === '') throw fail('is empty; write a socket path, as /run/containerd/containerd.sock');
  const colon = entry.indexOf(':');
  const bare = isBare(entry);
  const id = bare ? '' : entry.slice(0, colon);
  if (!bare && entry.startsWith(`${id}://`)) throw fail('is not a unix socket; write /path or unix:///path');
  const fault = bare ? undefined : idFault(id);
  if (fault !== undefined) throw fail(`has an id that cannot be used: ${fault}`);
  const path = socketPath(bare ? entry : entry.slice(colon + 1));
  if (typeof path !== 'string') throw fail(path.fault);
  return { id, path };
}

/** A socket without an id before it. */
function isBare(entry: string): boolean {
  return !entry.includes(':') || entry.startsWith('/') || entry.startsWith('unix:');
}

function readImageNames(setting: Setting): Config['imageNames'] {
  return setting.text === '' ? undefined : readChoice<ImageNames>(setting, ['asked', 'prefixed']);
}

function readLevel(setting: Setting): Level {
  const level = Number(setting.text);
  if (setting.text === '' || !isLevel(level)) throw setting.fail('is not a log level; use 0 to 5');
  return level;
}

function readListTimeout(setting: Setting): number {
  const timeout = parseDuration(setting.text);
  if (timeout === undefined || timeout <= 0) {
    throw setting.fail('gives runtimes no time to answer; write it as 1s or 500ms');
  }
  return timeout;
}

function readStateDir(setting: Setting): string | undefined {
  const { text } = setting;
  if (text !== '' && !text.startsWith('/')) {
    throw setting.fail('is not an absolute path; write it as /var/lib/criproxy');
  }
  return text === '' ? undefined : text;
}

function readStreamBase(url: Setting, port: Setting): string {
  if (url.text !== '') {
    const match = /^(https?:\/\/[^/?#]+)\/?$/.exec(url.text);
    if (match === null || !URL.canParse(url.text)) {
      throw url.fail("is not http://host:port; write the streaming server's address so");
    }
    return match[1]!;
  }
  if (!(Number(port.text) >= 1 && Number(port.text) <= 65535)) throw port.fail('is not a port; use 1 to 65535');
  return `http://${nodeAddress()}:${port.text}`;
}

/** What only a file can say. A -listTimeout on the command line is for all runtimes. */
function readExtras(
  settings: Settings,
  ids: readonly string[],
): Pick<Config, 'annotations' | 'listTimeouts' | 'labels'> {
  const known = settings.extras.filter(({ id }) => ids.includes(id));
  const annotations = new Map<string, string>();
  for (const { id, annotations: values, sourceOf } of known) {
    for (const value of values) {
      const other = ids.includes(value) && value !== id ? value : annotations.get(value);
      if (other !== undefined) {
        throw new UsageError(
          `${sourceOf('annotations')}: annotations: "${value}" means the runtime "${other}" already; use another value`,
        );
      }
      annotations.set(value, id);
    }
  }
  const isFixed = settings.of('listTimeout').source === 'flag -listTimeout';
  const timeouts = known.flatMap(({ id, listTimeout }) =>
    listTimeout === undefined || isFixed ? [] : [[id, listTimeout] as const],
  );
  return { annotations, listTimeouts: new Map(timeouts), labels: new Map(known.map(({ id, labels }) => [id, labels])) };
}
