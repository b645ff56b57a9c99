import './v8-settings.ts';
import type { ConfigSource } from '../app/operate/reloader.ts';
import { startProxy } from '../app/proxy.ts';
import { Level } from '../base/log-level.ts';
import type { FlagValues } from '../cli/grammar/flags.ts';
import { configOf } from '../config/config.ts';
import { loadOptions } from '../config/load-options.ts';
import { Fault } from '../config/value-type.ts';
import { openLog } from '../log/daemon-log.ts';
import { SocketFileError } from '../transport/sockets/socket-file.ts';
import { onHangup } from './hangups.ts';
import { LastCompiler } from './last-compiler.ts';
import { startQuietCollections } from './quiet-collections.ts';
import { uncaughtFault } from './uncaught-fault.ts';

/** Runs the daemon with these flags; resolves with the exit status. Rejects with the reason why it cannot start. */
export async function runDaemon(given: FlagValues): Promise<number> {
  const values = await loadOptions(given);
  const config = configOf(values);
  // The proxy goes on serving when the reader of the log goes away.
  process.stderr.on('error', () => {});
  const { log, levels, lost, close } = await openLog(config.logLevel, config.logFormat, process.stderr);
  const stopping = stopSignal();
  const endCollections = startQuietCollections();
  const serve = async () => {
    const started = startProxy(config, sourceOf(given), { levels, log, lost }, new LastCompiler());
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
  };
  try {
    return await Promise.race([uncaughtFault(log), serve()]);
  } finally {
    endCollections();
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
