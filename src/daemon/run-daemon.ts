import type { ConfigSource } from '../app/operate/reloader.ts';
import { startProxy } from '../app/proxy.ts';
import { Level } from '../base/log-level.ts';
import { redactUrls } from '../base/redact-urls.ts';
import { formatVersion } from '../base/version.ts';
import { type FlagValues, givenFlags } from '../cli/grammar/flags.ts';
import { UsageError } from '../cli/grammar/usage-error.ts';
import { configOf } from '../config/config.ts';
import { daemonFlags } from '../config/daemon-flags.ts';
import { loadOptions } from '../config/load-options.ts';
import { Fault } from '../config/value-type.ts';
import { openLog } from '../log/daemon-log.ts';
import { SocketFileError } from '../transport/sockets/socket-file.ts';
import { onHangup } from './hangups.ts';

/** Runs the command line; resolves with the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] !== undefined && !argv[0].startsWith('-')) return await runCommand(argv);
    const given = givenFlags(daemonFlags, argv);
    if (given.get('help') === 'true' || given.get('h') === 'true') return await runCommand(['help']);
    if (given.get('version') === 'true') return print(`${formatVersion()}\n`);
    return await runDaemon(given);
  } catch (fault) {
    process.stderr.write(`criproxy: ${redactUrls(fault instanceof Error ? fault.message : String(fault))}\n`);
    return fault instanceof UsageError ? 2 : 1;
  }
}

/** Loaded on demand: the daemon does not need the commands. */
async function runCommand(argv: readonly string[]): Promise<number> {
  return await (await import('../cli/dispatch.ts')).runCommand(argv);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

async function runDaemon(given: FlagValues): Promise<number> {
  const values = await loadOptions(given);
  const config = configOf(values);
  // The proxy goes on serving when the reader of the log goes away.
  process.stderr.on('error', () => {});
  const { log, levels, lost, close } = await openLog(config.logLevel, config.logFormat, process.stderr);
  const stopping = stopSignal();
  try {
    const started = startProxy(config, sourceOf(given), { levels, log, lost });
    onHangup(started);
    const proxy = await started.catch(fault => {
      if (!(fault instanceof SocketFileError)) throw fault;
      throw values.daemon.get('listen')!.fail(new Fault(`: ${fault.message}`));
    });
    const signal = await stopping;
    log.info(Level.State, `${signal}: finishing the calls in flight`);
    await proxy.stop();
    log.info(Level.State, 'stopped');
    return 0;
  } finally {
    await close();
  }
}

/** The configuration, read again: the flags are the same, the file may have changed. */
function sourceOf(given: FlagValues): ConfigSource {
  return {
    async read() {
      const values = await loadOptions(given);
      return { config: configOf(values), overruled: values.overruled };
    },
  };
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
