import { AdminError, type AdminRoute, apiRoute } from '../../admin/admin-route.ts';
import { LONGEST_LOG_LEVEL, type LogLevelAnswer, type LogLevelRequest } from '../../admin/api/log-level-answer.ts';
import type { LevelSwitch } from '../../base/level-switch.ts';
import { isLevel, type Level } from '../../base/log-level.ts';

export function logLevelRoutes(levels: LevelSwitch): readonly AdminRoute[] {
  const answer = (): LogLevelAnswer => {
    const { returnsAt, lastingLevel } = levels;
    const temporary = returnsAt === undefined ? {} : { lastingLevel, returnsAt: new Date(returnsAt).toISOString() };
    return { level: levels.get(), ...temporary };
  };
  return [
    apiRoute('GET /v1/log-level', answer),
    apiRoute('PUT /v1/log-level', ({ body }) => {
      const { level, for: ms } = readBody(body);
      if (ms === 0) levels.set(level);
      else levels.setFor(level, ms);
      return answer();
    }),
  ];
}

function readBody(body: unknown): { level: Level; for: number } {
  const { level, for: ms = 0 } = (body ?? {}) as { readonly [name in keyof LogLevelRequest]?: unknown };
  if (!isLevel(level)) {
    throw new AdminError(400, `level: ${JSON.stringify(level)} is not a log level; use 0 to 5`);
  }
  if (!(typeof ms === 'number' && ms >= 0 && ms <= LONGEST_LOG_LEVEL)) {
    throw new AdminError(
      400,
      `for: ${JSON.stringify(ms)} is no time in ms; use 0, which keeps the level, to ${LONGEST_LOG_LEVEL}`,
    );
  }
  return { level, for: ms };
}
