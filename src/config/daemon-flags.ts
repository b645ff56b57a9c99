import type { FlagRow } from '../cli/grammar/flags.ts';
import type { Option, OptionFlag } from './option.ts';
import { allOptions } from './options.ts';

const GLOG = 'accepted for existing unit files, no effect: the log always goes to stderr';

/** The flags of the daemon: those of its options, and those that are no options. */
export const daemonFlags: readonly FlagRow[] = [
  {
    name: 'config',
    type: 'string',
    default: '',
    value: 'FILE',
    help: 'a YAML file with the options of the flags, and more options for each runtime; flags win over it (see criproxy config --help)',
  },
  ...[...new Set(allOptions.flatMap(({ flag }) => flag ?? []))].map(toFlagRow),
  { name: 'logtostderr', type: 'bool', default: 'true', help: GLOG, ignored: true },
  { name: 'alsologtostderr', type: 'bool', default: 'false', help: GLOG, ignored: true },
  { name: 'stderrthreshold', type: 'string', default: '', value: 'LEVEL', help: GLOG, ignored: true },
  { name: 'log_dir', type: 'string', default: '', value: 'DIR', help: GLOG, ignored: true },
  { name: 'log_backtrace_at', type: 'string', default: '', value: 'FILE:N', help: GLOG, ignored: true },
  { name: 'vmodule', type: 'string', default: '', value: 'PATTERN=N,...', help: GLOG, ignored: true },
  {
    name: 'apiserver',
    type: 'string',
    default: '',
    value: 'URL',
    help: 'accepted for existing unit files, no effect: criproxy does not talk to the API server',
    ignored: true,
  },
  { name: 'version', type: 'bool', default: 'false', help: 'print the version and exit' },
  { name: 'help', type: 'bool', default: 'false', help: 'print this text and exit' },
  { name: 'h', type: 'bool', default: 'false', help: 'the same as -help' },
];

export function defaultOfFlag(name: string): string {
  return daemonFlags.find(row => row.name === name)!.default;
}

function toFlagRow(flag: OptionFlag): FlagRow {
  // The option of the daemon, where one of each runtime has the flag too; the socket, where the id has it.
  const row = allOptions
    .filter(each => each.flag === flag)
    .sort(byScope)
    .at(-1)!;
  const { kind } = row.type.shape;
  const type = kind === 'int' ? 'int' : kind === 'boolean' ? 'bool' : 'string';
  const standard = row.default;
  return {
    name: flag.name,
    type,
    default: typeof standard === 'object' ? '' : String(standard),
    ...(type !== 'bool' && { value: flag.placeholder ?? row.type.placeholder }),
    help: flag.help ?? row.help,
  };
}

function byScope(one: Option, other: Option): number {
  return Number(one.scope === 'daemon') - Number(other.scope === 'daemon');
}
