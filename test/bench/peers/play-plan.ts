import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../../src/transport/session.ts';
import type { Plan, PlanJob, PlanResult } from './plan.ts';

/** The timeout of a kubelet's calls, in ms. */
const TIMEOUT = 120_000;

const plans = new Map<string, Plan>();

/** Plays a plan over these connections. A call is made when it is due, whether or not the calls before it have ended. */
export async function playPlan({ plan: file, speed }: PlanJob, sessions: readonly Session[]): Promise<PlanResult> {
  const plan: Plan = plans.get(file) ?? JSON.parse(readFileSync(file, 'utf8'));
  plans.set(file, plan);
  const requests = plan.calls.map(({ request }) => Buffer.from(request, 'base64'));
  const times: Record<string, number[]> = {};
  for (const { path } of plan.calls) times[path] ??= [];
  const call = async (index: number, connection: number) => {
    const { path } = plan.calls[index]!;
    const { signal } = new AbortController();
    const start = performance.now();
    const options = { metadata: [], deadline: start + TIMEOUT, signal };
    await sessions[connection]!.call(path, requests[index]!, options);
    times[path]!.push((performance.now() - start) * 1000);
  };
  const over = new AbortController();
  const streaming = plan.stream === undefined ? 0 : countMessages(sessions[0]!, plan.stream, over.signal);
  const pending: Promise<void>[] = [];
  let fault: unknown;
  const keep = (error: unknown) => {
    fault ??= error;
  };
  const start = performance.now();
  for (const [at, index, connection] of plan.entries) {
    const wait = start + at / speed - performance.now();
    if (wait >= 1) await sleep(wait);
    pending.push(call(index, connection).catch(keep));
  }
  await Promise.all(pending);
  await sleep(Math.max(0, start + plan.period / speed - performance.now()));
  over.abort();
  if (fault !== undefined) throw fault;
  return { times, streamed: await streaming };
}

async function countMessages(session: Session, path: string, signal: AbortSignal): Promise<number> {
  let count = 0;
  try {
    const options = { metadata: [], deadline: undefined, signal };
    for await (const _ of session.stream(path, [Buffer.alloc(0)], options)) count++;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return count;
}
