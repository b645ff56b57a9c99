import { AdminError, type AdminRoute, apiRoute } from '../../admin/admin-route.ts';
import type { FaultRequest } from '../../admin/api/fault-report.ts';
import { Code } from '../../base/codes.ts';
import { globMatcher } from '../../base/glob.ts';
import { methods } from '../../cri/tables/methods.ts';
import { describeRule, type FaultEnd, type FaultRule } from '../../faults/fault-rule.ts';
import type { Faults } from '../../faults/faults.ts';
import { readRuntimeId } from '../trace/trace-filter.ts';

/** How many rules there may be: each is looked at in every call. */
const MOST = 100;

/** The longest delay, in ms: an hour. */
const LONGEST = 3_600_000;

const fields: readonly (keyof FaultRequest)[] = [
  ...(['method', 'runtime', 'delay', 'error', 'message', 'hang', 'drop', 'probability', 'times'] as const),
];

/** `faults` is undefined where they are not enabled. */
export function faultRoutes(faults: Faults | undefined, runtimes: () => readonly string[]): AdminRoute[] {
  const enabled = (): Faults => {
    if (faults !== undefined) return faults;
    throw new AdminError(
      403,
      'faults are not enabled: start the daemon with -enableFaults, on a node for tests alone, and try again',
    );
  };
  return [
    apiRoute('GET /v1/faults', () => ({
      faults: enabled()
        .list()
        .map(fault => ({ ...fault, text: describeRule(fault.rule) })),
    })),
    apiRoute('POST /v1/faults', ({ body }) => {
      const there = enabled();
      if (there.list().length >= MOST) throw new AdminError(429, `there are ${MOST} faults already; clear some first`);
      return { id: there.add(readRule(body, runtimes())) };
    }),
    apiRoute('DELETE /v1/faults', ({ query }) => {
      const there = enabled();
      const id = query.get('id');
      if (id === null) return { cleared: there.clear() };
      const cleared = /^\d{1,15}$/.test(id) ? there.clear(Number(id)) : 0;
      if (cleared === 0) throw new AdminError(404, `there is no fault ${id}; see criproxy faults show`);
      return { cleared };
    }),
  ];
}

/** A rule from JSON. Throws an AdminError. */
function readRule(body: unknown, runtimes: readonly string[]): FaultRule {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw wrong('a fault is a JSON object');
  const given = new Map<string, unknown>(Object.entries(body));
  for (const name of given.keys()) {
    if (!fields.some(field => field === name)) throw wrong(`"${name}" is no part of a fault; use ${fields.join(', ')}`);
  }
  const delay = readNumber(given, 'delay', 0, LONGEST) ?? 0;
  const end = readEnd(given);
  if (delay === 0 && end === undefined) throw wrong('a fault does something: give one of delay, error, hang, drop');
  const times = readNumber(given, 'times', 1, 1e9);
  if (times !== undefined && !Number.isInteger(times)) throw wrong(`times: ${times} is not a whole number`);
  return {
    method: readMethod(given.get('method') ?? '*'),
    runtime: readRuntimeId(readText(given, 'runtime') ?? null, runtimes),
    delay,
    end,
    probability: readNumber(given, 'probability', 0, 1) ?? 1,
    times,
  };
}

function readMethod(glob: unknown): string {
  if (typeof glob !== 'string') throw wrong('method is a text');
  if (Object.keys(methods).some(globMatcher(glob))) return glob;
  throw wrong(`no method of CRI is called "${glob}"; write it as RunPodSandbox, List* or *`);
}

function readEnd(given: ReadonlyMap<string, unknown>): FaultEnd | undefined {
  const error = readText(given, 'error');
  const message = readText(given, 'message');
  const [hang, drop] = [readFlag(given, 'hang'), readFlag(given, 'drop')];
  const kinds = [error !== undefined, hang, drop];
  if (kinds.filter(Boolean).length > 1) throw wrong('a call ends in one way only: give one of error, hang, drop');
  if (hang) return { kind: 'hang' };
  if (drop) return { kind: 'drop' };
  if (error === undefined) return undefined;
  const code = Object.entries(Code).find(([name]) => name.toLowerCase() === error.toLowerCase())?.[1];
  if (code === undefined || code === Code.OK) {
    const known = Object.keys(Code).slice(1);
    throw wrong(`error: "${error}" is no gRPC code of an error; use one of ${known.join(', ')}`);
  }
  return { kind: 'error', code, message: message ?? 'criproxy: an injected fault' };
}

function readText(given: ReadonlyMap<string, unknown>, name: keyof FaultRequest): string | undefined {
  const value = given.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(`${name} is a text`);
}

function readFlag(given: ReadonlyMap<string, unknown>, name: keyof FaultRequest): boolean {
  const value = given.get(name) ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(`${name} is true or false`);
}

function readNumber(
  given: ReadonlyMap<string, unknown>,
  name: keyof FaultRequest,
  least: number,
  most: number,
): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw wrong(`${name}: ${JSON.stringify(value)} is no number from ${least} to ${most}`);
}

function wrong(message: string): AdminError {
  return new AdminError(400, message);
}
