import type { Logger } from '../base/logger.ts';

/**
 * A logger that writes glog's lines, `Lmmdd hh:mm:ss.uuuuuu pid file:line] message` in local time, and the fields below them
 * as indented YAML. `write` takes whole lines; `toYaml` makes YAML of the fields.
 */
export function glogLogger(level: number, write: (text: string) => void, toYaml: (fields: unknown) => string): Logger {
  const line = (severity: 'I' | 'W' | 'E', message: string, fields?: unknown) => {
    write(
      `${severity}${timestamp(new Date())} ${String(process.pid).padStart(7)} ${callSite()}] ${oneLine(message)}\n${fields === undefined ? '' : below(toYaml(fields))}`,
    );
  };
  return {
    enabled: at => at <= level,
    info(at, message, fields) {
      if (at <= level) line('I', message, fields);
    },
    warn: message => line('W', message),
    error: message => line('E', message),
  };
}

/** The clock of the wall has milliseconds; digits of another clock behind them would make lines go back. */
function timestamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const micros = `${String(now.getMilliseconds()).padStart(3, '0')}000`;
  return `${date} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${micros}`;
}

/** The file and line that logged: the first frame outside this file's functions. */
function callSite(): string {
  const frame = new Error().stack?.split('\n')[4] ?? '';
  return /([^/\\(]+:\d+):\d+\)?$/.exec(frame)?.[1] ?? 'criproxy:0';
}

/** A peer's text must not be able to fake a log line. */
function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return message.replace(/[\u0000-\u001f\u007f]/g, character => JSON.stringify(character).slice(1, -1));
}

function below(yaml: string): string {
  const text = yaml.trimEnd();
  return text === '{}' ? '' : `${text.replace(/^/gm, '  ')}\n`;
}
