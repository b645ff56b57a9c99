import { escapeControls, escapeControlsInLines } from '../base/escape-controls.ts';
import type { LogLine } from './log-line.ts';

/**
 * A line in glog's form, `Lmmdd hh:mm:ss.uuuuuu pid file:line] message #call` in local time, and its fields below it as
 * indented YAML. `toYaml` makes YAML of the fields. Ended.
 */
export function glogLine(line: LogLine, toYaml: (fields: unknown) => string): string {
  const { severity, time, file, message, fields, about } = line;
  const head = `${severity[0]!.toUpperCase()}${timestamp(time)} ${String(process.pid).padStart(7)} ${file}]`;
  const call = about.call === undefined ? '' : ` #${about.call.id}`;
  return `${head} ${escapeControls(message)}${call}\n${fields === undefined ? '' : below(escapeControlsInLines(toYaml(fields)))}`;
}

/** The clock of the wall has milliseconds; digits of another clock behind them would make lines go back. */
function timestamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const micros = `${String(now.getMilliseconds()).padStart(3, '0')}000`;
  return `${date} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${micros}`;
}

function below(yaml: string): string {
  const text = yaml.trimEnd();
  return text === '{}' ? '' : `${text.replace(/^/gm, '  ')}\n`;
}
