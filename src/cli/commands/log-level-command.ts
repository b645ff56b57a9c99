import { askApi } from '../../admin/admin-client.ts';
import { LONGEST_LOG_LEVEL, type LogLevelAnswer } from '../../admin/api/log-level-answer.ts';
import { isLevel, type Level } from '../../base/log-level.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { parseDuration } from '../grammar/flags.ts';
import { UsageError } from '../grammar/usage-error.ts';

/** `criproxy log-level [LEVEL]`: prints the level that the daemon logs at, after it was changed. */
export async function runLogLevel({ values, positionals }: Invocation): Promise<number> {
  const socket = String(values['admin-socket']);
  const [text] = positionals;
  const given = text === undefined ? undefined : { level: readLevel(text), for: readFor(values['for']) };
  if (text === undefined && values['for'] !== undefined) throw new UsageError('log-level: --for needs a LEVEL');
  const answer =
    given === undefined
      ? await askApi(socket, 'GET /v1/log-level')
      : await askApi(socket, 'PUT /v1/log-level', { body: given });
  process.stdout.write(`${describe(answer)}\n`);
  return 0;
}

function readLevel(text: string): Level {
  const level = /^\d$/.test(text) ? Number(text) : undefined;
  if (!isLevel(level)) throw new UsageError(`log-level: "${text}" is not a log level; use 0 to 5`);
  return level;
}

/** In ms. A raised level is easily forgotten, so it ends by itself if no time is given. */
function readFor(value: Invocation['values'][string]): number {
  const ms = parseDuration(String(value ?? '15m'));
  if (ms === undefined) {
    throw new UsageError(
      `log-level: --for: "${value}" is not a duration; write it as 10m or 1h30m, or 0 to keep the level`,
    );
  }
  if (ms > LONGEST_LOG_LEVEL) {
    throw new UsageError(`log-level: --for: "${value}" is too long; use up to 24h, or 0 to keep the level`);
  }
  return ms;
}

function describe({ level, lastingLevel, returnsAt }: LogLevelAnswer): string {
  if (returnsAt === undefined) return String(level);
  const at = new Date(returnsAt);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${level} until ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}, then ${lastingLevel}`;
}
