import { escapeControls } from '../base/escape-controls.ts';
import { Level } from '../base/log-level.ts';
import { runtimeLabel } from '../base/runtime-name.ts';
import type { LogLine } from './log-line.ts';

/** A value with more bytes is cut: an entry has to fit into a datagram (net.core.wmem_default, 212,992 bytes by default). */
const MAX_FIELD = 60_000;

/** syslog(3): err, warning, info, debug. */
function priorityOf({ severity, level }: LogLine): number {
  if (severity === 'error') return 3;
  if (severity === 'warning') return 4;
  return level >= Level.Change ? 7 : 6;
}

/** The text of a line, on one line. */
function textOf({ message, about }: LogLine): string {
  return `${escapeControls(message)}${about.call === undefined ? '' : ` #${about.call.id}`}`;
}

/** A line on stderr with a priority before it, as sd-daemon(3) has it, ended. */
export function stderrLine(line: LogLine): string {
  return `<${priorityOf(line)}>${textOf(line)}\n`;
}

/** A line as journald's native protocol has it (systemd: Native Journal Protocol): `NAME=value` lines. */
export function journalEntry(line: LogLine): Buffer {
  const { about, file, level, fields } = line;
  const [codeFile, codeLine] = file.split(':');
  const entry: Readonly<Record<string, string | number | undefined>> = {
    MESSAGE: textOf(line),
    PRIORITY: priorityOf(line),
    SYSLOG_IDENTIFIER: 'criproxy',
    SYSLOG_PID: process.pid,
    CODE_FILE: codeFile,
    CODE_LINE: codeLine,
    CRIPROXY_LEVEL: level,
    CRIPROXY_CALL_ID: about.call?.id,
    CRIPROXY_METHOD: about.method,
    CRIPROXY_RUNTIME: about.runtime === undefined ? undefined : runtimeLabel(about.runtime),
    CRIPROXY_FIELDS: fields === undefined ? undefined : JSON.stringify(fields),
  };
  const present = Object.entries(entry).filter(([, value]) => value !== undefined);
  return Buffer.from(present.map(([name, value]) => `${name}=${cut(escapeControls(String(value)))}\n`).join(''));
}

function cut(value: string): string {
  if (Buffer.byteLength(value) <= MAX_FIELD) return value;
  const bytes = Buffer.from(value).subarray(0, MAX_FIELD);
  return `${bytes.toString().replace(/\ufffd+$/, '')}... (${Buffer.byteLength(value)} bytes)`;
}
