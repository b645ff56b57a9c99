import type { Writable } from 'node:stream';
import { LevelSwitch } from '../base/level-switch.ts';
import { Level } from '../base/log-level.ts';
import type { Logger } from '../base/logger.ts';
import type { LogFormat } from '../config/proxy-config.ts';
import { BoundedWriter } from './bounded-writer.ts';
import { glogLine } from './glog.ts';
import { stderrLine } from './journal-entry.ts';
import { jsonLine } from './json-line.ts';
import { type LogLine, makeLogger } from './log-line.ts';
import type { LogSink } from './log-sink.ts';
import { type Clock, Repeats } from './repeats.ts';

/** The log of the daemon. */
export interface DaemonLog {
  readonly log: Logger;
  readonly levels: LevelSwitch;
  /** How many lines are lost because no reader took them in time. */
  lost(): number;
  /** Writes the lines that wait. */
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

/** `stderr` takes the lines; with the format `journal` it has them only where journald cannot. */
export async function openLog(level: Level, format: LogFormat, stderr: Writable): Promise<DaemonLog> {
  const levels = new LevelSwitch(level);
  const toText = await lineWriter(format, levels);
  const writer = new BoundedWriter(stderr, lost => toText(lossLine(lost)));
  const sink = await openSink(format, toText, writer.write);
  const repeats = new Repeats(line => sink.take(line), levels, clock);
  const log = makeLogger(levels, repeats.pass);
  levels.onChange(() => log.info(Level.State, describeLevel(levels)));
  return {
    log,
    levels,
    lost: () => writer.lost + sink.lost,
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

function lossLine(lost: number): LogLine {
  const message = `${lost} lines of the log are lost: the reader of stderr did not take them in time`;
  const file = 'daemon-log.ts:0';
  return { time: new Date(), severity: 'warning', level: Level.State, message, fields: undefined, about: {}, file };
}

async function openSink(
  format: LogFormat,
  toText: (line: LogLine) => string,
  write: (text: string) => void,
): Promise<LogSink> {
  if (format !== 'journal') return { take: line => write(toText(line)), lost: 0, close: async () => {} };
  // Loaded on demand: the journal's sink loads node:child_process.
  const { JournalSink } = await import('./journal-sink.ts');
  return new JournalSink({ write });
}

/** Makes the formatter for a format: the text of a line, with its newline. */
async function lineWriter(format: LogFormat, levels: LevelSwitch): Promise<(line: LogLine) => string> {
  if (format === 'json') return jsonLine;
  if (format === 'journal') return stderrLine;
  const toYaml = await yamlWriter(levels);
  return line => glogLine(line, toYaml);
}

/**
 * Makes the YAML formatter for fields. The YAML library is half of the program, so it is loaded with the first dump. Until then the
 * fields are JSON, which is YAML too.
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
      // JSON stays in use if the library cannot be loaded.
      load().catch(() => {});
    });
  }
  return fields => stringify(fields);
}
