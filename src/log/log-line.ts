import type { Level } from '../base/log-level.ts';
import type { About, Logger } from '../base/logger.ts';
import { redactUrls } from '../base/redact-urls.ts';

export type Severity = 'info' | 'warning' | 'error';

/** A line of the log, before it has a form. */
export interface LogLine {
  readonly time: Date;
  readonly severity: Severity;
  /** 0 for warnings and errors. */
  readonly level: Level;
  readonly message: string;
  readonly fields: unknown;
  readonly about: About;
  /** The place that logged, FILE:LINE. */
  readonly file: string;
}

/** Makes lines of log calls, as far as the level lets them through, without the secrets of URLs in messages. */
export function makeLogger(levels: { get(): number }, take: (line: LogLine) => void): Logger {
  const log: Logger = {
    enabled: at => at <= levels.get(),
    info(level, message, fields, about = {}) {
      if (level > levels.get()) return;
      add('info', level, message, fields, about, callSite(log.info));
    },
    warn(message, about = {}) {
      add('warning', 0, message, undefined, about, callSite(log.warn));
    },
    error(message, about = {}) {
      add('error', 0, message, undefined, about, callSite(log.error));
    },
  };
  function add(severity: Severity, level: Level, message: string, fields: unknown, about: About, file: string): void {
    take({ time: new Date(), severity, level, message: redactUrls(message), fields, about, file });
  }
  return log;
}

/** The caller of `logged`. */
function callSite(logged: (...values: never[]) => void): string {
  const limit = Error.stackTraceLimit;
  const at: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(at, logged);
  Error.stackTraceLimit = limit;
  return /([^/\\(]+:\d+):\d+\)?$/.exec(at.stack ?? '')?.[1] ?? 'criproxy:0';
}
