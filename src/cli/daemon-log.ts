import { LevelSwitch } from '../base/level-switch.ts';
import type { Logger } from '../base/logger.ts';
import { Level } from '../cri/methods.ts';
import type { LogFormat } from './config.ts';
import { glogLine } from './glog.ts';
import { jsonLine } from './json-line.ts';
import { makeLogger } from './log-line.ts';
import type { LogSink } from './log-sink.ts';
import { type Clock, Repeats } from './repeats.ts';

/** The log of the daemon. */
export interface DaemonLog {
  readonly log: Logger;
  readonly levels: LevelSwitch;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

const clock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** `write` takes whole lines, or several. */
export async function openLog(level: number, format: LogFormat, write: (text: string) => void): Promise<DaemonLog> {
  const levels = new LevelSwitch(level);
  const sink = await openSink(format, levels, write);
  const repeats = new Repeats(line => sink.take(line), levels, clock);
  const log = makeLogger(levels, repeats.pass);
  levels.onChange(() => log.info(0, describeLevel(levels)));
  return {
    log,
    levels,
    async close() {
      repeats.flush();
      await sink.close();
    },
  };
}

function describeLevel(levels: LevelSwitch): string {
  const until = levels.returnsAt;
  if (until === undefined) return `the log level is ${levels.get()} now`;
  return `the log level is ${levels.get()} until ${new Date(until).toISOString()}, then ${levels.lastingLevel}`;
}

async function openSink(format: LogFormat, levels: LevelSwitch, write: (text: string) => void): Promise<LogSink> {
  const close = async () => {};
  if (format === 'json') return { take: line => write(jsonLine(line)), close };
  if (format === 'journal') {
    // Loaded when it is asked for: it needs what runs children.
    const { JournalSink } = await import('./journal-sink.ts');
    return new JournalSink({ write });
  }
  const toYaml = await yamlWriter(levels);
  return { take: line => write(glogLine(line, toYaml)), close };
}

/**
 * What makes YAML of fields. The YAML library is half of the program: it is loaded when messages are dumped. JSON, which is
 * YAML, stands in for it until it has come.
 */
async function yamlWriter(levels: LevelSwitch): Promise<(fields: unknown) => string> {
  let stringify = (fields: unknown): string => JSON.stringify(fields);
  const load = async () => {
    const yaml = await import('yaml');
    stringify = fields => yaml.stringify(fields, { lineWidth: 0 });
  };
  if (levels.get() >= Level.Change) await load();
  else {
    const forget = levels.onChange(() => {
      if (levels.get() < Level.Change) return;
      forget();
      // What stands in for it goes on where it cannot be had.
      load().catch(() => {});
    });
  }
  return fields => stringify(fields);
}
