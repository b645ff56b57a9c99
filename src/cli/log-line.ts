import type { About, Logger } from '../base/logger.ts';

export type Severity = 'info' | 'warning' | 'error';

/** A line of the log, before it has a form. */
export interface LogLine {
  readonly time: Date;
  readonly severity: Severity;
  /** 0 for warnings and errors. */
  readonly level: number;
  readonly message: string;
  readonly fields: unknown;
  readonly about: About;
  /** The place that logged, FILE:LINE. */
  readonly file: string;
}

/** Turns what is logged into lines, as far as the level lets them through. */
export function makeLogger(levels: { get(): number }, take: (line: LogLine) => void): Logger {
  const log: Logger = {
    enabled: at => at <= levels.get(),
    info(level, message, fields, about = {}) {
      if (level > levels.get()) return;
      const file = callSite(log.info);
      take({ time: new Date(), severity: 'info', level, message, fields, about, file });
    },
    warn(message, about = {}) {
      const file = callSite(log.warn);
      take({ time: new Date(), severity: 'warning', level: 0, message, fields: undefined, about, file });
    },
    error(message, about = {}) {
      const file = callSite(log.error);
      take({ time: new Date(), severity: 'error', level: 0, message, fields: undefined, about, file });
    },
  };
  return log;
}

/** Who called `logged`. */
function callSite(logged: (...values: never[]) => void): string {
  const limit = Error.stackTraceLimit;
  const at: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(at, logged);
  Error.stackTraceLimit = limit;
  return /([^/\\(]+:\d+):\d+\)?$/.exec(at.stack ?? '')?.[1] ?? 'criproxy:0';
}

/** A peer's text must not be able to fake a log line. */
export function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return message.replace(/[\u0000-\u001f\u007f]/g, character => JSON.stringify(character).slice(1, -1));
}
