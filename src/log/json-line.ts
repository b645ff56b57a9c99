import { escapeControls } from '../base/escape-controls.ts';
import { runtimeLabel } from '../base/runtime-name.ts';
import type { LogLine } from './log-line.ts';

/** A line as a JSON object, ended. */
export function jsonLine(line: LogLine): string {
  const { time, severity, level, message, fields, about, file } = line;
  const object = {
    time: time.toISOString(),
    severity,
    level,
    message,
    call: about.call?.id,
    method: about.method,
    runtime: about.runtime === undefined ? undefined : runtimeLabel(about.runtime),
    file,
    pid: process.pid,
    fields,
  };
  return `${escapeControls(JSON.stringify(object))}\n`;
}
