import { AdminError, type AdminRoute } from '../../admin/admin-route.ts';
import type { LevelSwitch } from '../../base/level-switch.ts';
import { isLevel, type Level } from '../../base/log-level.ts';

/** The longest time for a temporary level, in ms: a day. */
const LONGEST = 86_400_000;

/**
 * `GET /v1/log-level`, and `PUT` with `{"level": 0 to 5, "for": ms}`, where 0 or nothing in `for` keeps the level. The answer of
 * both: `level`; and, of a temporary one, `lastingLevel` and `returnsAt` (RFC 3339).
 */
export function logLevelRoutes(levels: LevelSwitch): readonly AdminRoute[] {
  const answer = () => {
    const { returnsAt, lastingLevel } = levels;
    const temporary = returnsAt === undefined ? {} : { lastingLevel, returnsAt: new Date(returnsAt).toISOString() };
    return { kind: 'json', value: { level: levels.get(), ...temporary } } as const;
  };
  return [
    { method: 'GET', path: '/v1/log-level', handle: answer },
    {
      method: 'PUT',
      path: '/v1/log-level',
      handle({ body }) {
        const { level, for: ms } = readBody(body);
        if (ms === 0) levels.set(level);
        else levels.setFor(level, ms);
        return answer();
      },
    },
  ];
}

function readBody(body: unknown): { level: Level; for: number } {
  const { level, for: ms = 0 } = (body ?? {}) as { level?: unknown; for?: unknown };
  if (!isLevel(level)) {
    throw new AdminError(400, `level: ${JSON.stringify(level)} is not a log level; use 0 to 5`);
  }
  if (!(typeof ms === 'number' && ms >= 0 && ms <= LONGEST)) {
    throw new AdminError(
      400,
      `for: ${JSON.stringify(ms)} is no time in ms; use 0, which keeps the level, to ${LONGEST}`,
    );
  }
  return { level, for: ms };
}
