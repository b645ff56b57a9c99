import { percent } from '../base/figure-text.ts';
import { isLevel, type Level } from '../base/log-level.ts';
import { redactUrls } from '../base/redact-urls.ts';
import { idOfLabel, runtimeLabel } from '../base/runtime-name.ts';
import { parseDuration } from '../cli/grammar/flags.ts';
import { idFault } from '../routing/port/names.ts';
import { socketPath } from './socket-path.ts';
import { Fault, list, map, mapping, text, type ValueType, wholeNumber } from './value-type.ts';

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): ValueType<Word> {
  return text(
    words.join('|'),
    raw => words.find(each => each === raw) ?? new Fault(`is not one of ${words.join(', ')}`),
  );
}

export const level: ValueType<Level> = wholeNumber('LEVEL', raw =>
  isLevel(raw) ? raw : new Fault('is not a log level; use 0 to 5'),
);

export const port = wholeNumber('PORT', raw =>
  raw >= 1 && raw <= 65535 ? raw : new Fault('is not a port; use 1 to 65535'),
);

/** In ms. */
export const duration = text(
  'DURATION',
  raw => parseDuration(raw) ?? new Fault('is not a duration; write it as 500ms, 1s, 2m or 1h30m'),
  ms => `${ms} ms`,
);

/** In ms, for an answer to be waited for. */
export const patience = text(
  'DURATION',
  raw => {
    const ms = duration.parse(raw);
    return ms === 0 ? new Fault('gives runtimes no time to answer; write it as 1s or 500ms') : ms;
  },
  duration.describe,
);

export const folder = text('FOLDER', raw =>
  raw.startsWith('/') ? raw : new Fault('is not an absolute path; write it as /var/lib/criproxy'),
);

/** Its path, however it is written. */
export const socket = text('SOCKET', socketPath);

/** Text that could be an entry of a flag's list. */
export const entry = text('TEXT', raw => {
  if (raw === '') return new Fault('is empty');
  return /[,\n]/.test(raw) ? new Fault('has a comma or a line break') : raw;
});

export const runtimeSocket = text('SOCKET', raw => {
  if (raw === '') return new Fault('is empty; write a socket path, as /run/containerd/containerd.sock');
  const checked = entry.parse(raw);
  return checked instanceof Fault ? checked : socketPath(raw);
});

/** Undefined for the primary, whose id is empty. */
export const runtimeId: ValueType<string> = {
  ...entry,
  placeholder: 'ID',
  parse(raw) {
    if (raw === undefined) return '';
    const fault = idFault(raw as string);
    return fault === undefined ? (raw as string) : new Fault(`has an id that cannot be used: ${fault}`);
  },
};

export const globs = list(
  text('GLOB', raw => {
    const checked = entry.parse(raw);
    return /=/.test(raw) ? new Fault('has a "="') : checked;
  }),
);

export const entries = list(entry);

const handlerName = text('NAME', raw => (/[=:]/.test(raw) ? new Fault('has a "=" or a ":"') : entry.parse(raw)));

/** Empty, or nothing behind the colon: the runtime's default. */
const ownHandler: ValueType<string> = {
  ...text('HANDLER', raw => raw),
  shape: { kind: 'text', nullable: true },
  parse: raw => (raw === null || raw === '' ? '' : entry.parse(raw)),
};

/** A runtime's own handlers by their names for clients. */
export const handlerMap = map(handlerName, ownHandler, (name, own) => (own === '' ? name : `${name} (there ${own})`));

/** A share of the whole, above 0 and up to 1. */
const share: ValueType<number> = text(
  'PERCENT',
  raw => {
    const match = /^(\d{1,3}(?:\.\d+)?)%$/.exec(raw);
    const part = Number(match?.[1]) / 100;
    return part > 0 && part <= 1 ? part : new Fault('is not a share; write it as 10%, more than 0% and at most 100%');
  },
  percent,
);

/** A runtime in a rule: its id or label, `primary` for the primary; parsed to the id, which is empty for the primary. */
const placedRuntime: ValueType<string> = text(
  'ID',
  raw => {
    const id = idOfLabel(raw);
    return id === '' ? '' : runtimeId.parse(id);
  },
  runtimeLabel,
);

const namespaceGlobs = list(
  text('GLOB', raw => (/^[a-z0-9*?.-]+$/.test(raw) ? raw : new Fault('is not a namespace or a glob of one, as ci-*'))),
  'is empty; leave it out for every namespace',
);

const anyText = text('TEXT', raw => raw);

export const texts = map(anyText, anyText);

/** Rules for pods that name no runtime. */
export const placementRules = list(
  mapping({ namespaces: namespaceGlobs, labels: texts, annotations: texts, share, runtime: placedRuntime }, [
    'runtime',
  ]),
);

export const retiringExceptions = list(oneOf('static', 'critical'));

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export const hostPort = text<HostPort>(
  'HOST:PORT',
  raw => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(raw);
    const number = Number(match?.[2]);
    if (match === null || port.parse(number) instanceof Fault) {
      return new Fault('is not HOST:PORT; write it as 127.0.0.1:9494, or 0.0.0.0:9494 for every address of the node');
    }
    return { host: match[1]!.replace(/^\[|\]$/g, '') || '0.0.0.0', port: number };
  },
  ({ host, port: number }) => `${host}:${number}`,
);

/** Without a slash at its end. */
export const collectorUrl: ValueType<string> = {
  ...text(
    'URL',
    raw => {
      if (!/^https?:\/\//.test(raw) || !URL.canParse(raw))
        return new Fault('is not the URL of a collector; write it as http://127.0.0.1:4318');
      if (!hasUserinfoInOrder(new URL(raw))) return new Fault('has a % in the user or password; write it as %25');
      return raw.replace(/\/+$/, '');
    },
    redactUrls,
  ),
  conceal: raw => redactUrls(String(raw)),
};

/** Whether user and password can be decoded (RFC 3986, section 2.1). */
function hasUserinfoInOrder({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** `http://host:port`. */
export const streamingServer = text('URL', raw => {
  const match = /^(https?:\/\/[^/?#]+)\/?$/.exec(raw);
  return match !== null && URL.canParse(raw)
    ? match[1]!
    : new Fault("is not http://host:port; write the streaming server's address so");
});
