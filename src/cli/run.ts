import { startProxy } from '../app/proxy.ts';
import { Level } from '../cri/methods.ts';
import { SocketFileError } from '../transport/socket-file.ts';
import { readSettings } from './config.ts';
import { daemonFlags } from './daemon-flags.ts';
import { givenFlags } from './flags.ts';
import { glogLogger } from './glog.ts';
import { helpText } from './help.ts';
import { loadSettings } from './load-settings.ts';
import type { Settings } from './setting.ts';
import { UsageError } from './usage-error.ts';
import { formatVersion } from './version.ts';

/** Does what the command line says; resolves with the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    // Loaded when it is asked for: the daemon has no use for it.
    if (argv[0] === 'setup') return await (await import('./setup.ts')).runSetup(argv.slice(1));
    if (argv[0] === 'config') return print(await (await import('./config-command.ts')).runConfig(argv.slice(1)));
    const given = givenFlags(daemonFlags, argv);
    if (given.get('help') === 'true' || given.get('h') === 'true') return print(helpText());
    if (given.get('version') === 'true') return print(`${formatVersion()}\n`);
    return await runDaemon(await loadSettings(given));
  } catch (fault) {
    process.stderr.write(`criproxy: ${fault instanceof Error ? fault.message : String(fault)}\n`);
    return fault instanceof UsageError ? 2 : 1;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

async function runDaemon(settings: Settings): Promise<number> {
  const config = readSettings(settings);
  // A reader of the log that went away is no reason to stop serving.
  process.stderr.on('error', () => {});
  const log = glogLogger(config.level, text => process.stderr.write(text), await yamlWriter(config.level));
  const stopping = stopSignal();
  const proxy = await startProxy(config, log).catch(fault => {
    if (!(fault instanceof SocketFileError)) throw fault;
    throw settings.of('listen').fail(`: ${fault.message}`);
  });
  const signal = await stopping;
  log.info(0, `${signal}: finishing the calls in flight`);
  await proxy.stop();
  log.info(0, 'stopped');
  return 0;
}

/** A YAML library is half of the program: it is loaded where messages are dumped. */
async function yamlWriter(level: number): Promise<(fields: unknown) => string> {
  if (level < Level.Change) return String;
  const { stringify } = await import('yaml');
  return fields => stringify(fields, { lineWidth: 0 });
}

/** The first of SIGTERM and SIGINT; the next one ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise(resolve => {
    const signals = ['SIGTERM', 'SIGINT'] as const;
    const stop = (signal: NodeJS.Signals) => {
      for (const each of signals) process.off(each, stop);
      resolve(signal);
    };
    for (const each of signals) process.on(each, stop);
  });
}
