import { parse } from 'yaml';
import { expandCommand, findFlag } from './command.ts';
import { endpointPath, sameEndpoint } from './endpoint.ts';
import { parseEnvFile } from './env-file.ts';
import { type Choice, type KnownRuntime, knownRuntimes } from './primary.ts';
import { RUNTIMES_FILE, readConnect } from './services.ts';
import type { Tree } from './tree.ts';
import { loadUnit } from './unit.ts';

const SERVICE = 'criproxy.service';

/** Where criproxy 0.14 had its runtimes: CRI_PRIMARY, the primary's name or socket, and CRI_OTHER, id:socket,... */
const SETTINGS_FILE = '/etc/default/criproxy';

/** The answers to the package's questions. */
export interface Answers {
  readonly primary: Choice;
  /** As in `-connect`, without the primary. */
  readonly other: string;
}

/** The runtimes that the daemon of this node is told of: the primary's socket, and the others as in `-connect`. */
export interface Chosen {
  readonly primary: string;
  readonly other: string;
}

function fromConnect(connect: string | undefined): Chosen | undefined {
  const [primary = '', ...others] = (connect ?? '').split(',').map(one => one.trim());
  return !endpointPath(primary).startsWith('/')
    ? undefined
    : { primary: endpointPath(primary), other: others.filter(Boolean).join(',') };
}

/** The runtimes of a file of `-config`: a row without an id is the primary. */
export function readConfigRuntimes(text: string | undefined): Chosen | undefined {
  const rows = (parse(text ?? '') as { runtimes?: { id?: string; socket: string }[] } | null)?.runtimes;
  const sockets = rows?.map(({ id, socket }) => (id === undefined ? socket : `${id}:${socket}`));
  return fromConnect(sockets?.join(','));
}

/** The runtimes in the command line of the daemon's unit, and the files that the unit names; undefined without a runtime there. */
function fromUnit(tree: Tree): Chosen | undefined {
  try {
    const unit = loadUnit(tree, SERVICE);
    const args = unit === undefined ? [] : expandCommand(unit);
    const connect = fromConnect(findFlag(args, 'connect')?.value);
    const config = findFlag(args, 'config')?.value;
    return connect ?? (config === undefined ? undefined : readConfigRuntimes(tree.read(config)));
  } catch {
    return undefined; // an operator's own unit or configuration that cannot be read: the daemon names its faults
  }
}

function fromOldSettings(tree: Tree): Chosen | undefined {
  const values = new Map(parseEnvFile(tree.read(SETTINGS_FILE) ?? '').map(({ name, value }) => [name, value]));
  const primary = values.get('CRI_PRIMARY') ?? '';
  const known = knownRuntimes[(primary === 'docker' ? 'dockershim' : primary) as KnownRuntime]?.socket;
  return fromConnect(`${known ?? primary},${values.get('CRI_OTHER') ?? ''}`);
}

/**
 * The runtimes that this node's daemon has, from any of the places of a choice: in its unit, in the files that the unit reads, by an
 * earlier set-up, or in the settings of criproxy 0.14. Undefined without a choice so far.
 */
export function readChosen(tree: Tree, listen: string): Chosen | undefined {
  const found = fromUnit(tree) ?? fromConnect(readConnect(tree.read(RUNTIMES_FILE))) ?? fromOldSettings(tree);
  return found === undefined || sameEndpoint(found.primary, listen) ? undefined : found;
}

/**
 * The answers that count: answers that differ from `last` time, and, the first time, answers to questions that the node does not answer
 * itself. Undefined for a choice that stays.
 */
export function weighAnswers(
  answers: Answers,
  last: Answers | undefined,
  chosen: Chosen | undefined,
): { readonly [name in keyof Answers]: Answers[name] | undefined } {
  const weigh = <T>(answer: T, before: T | undefined): T | undefined => {
    if (chosen === undefined) return answer;
    return last === undefined || answer === before ? undefined : answer;
  };
  return { primary: weigh(answers.primary, last?.primary), other: weigh(answers.other, last?.other) };
}
