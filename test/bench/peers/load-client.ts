import * as grpc from '@grpc/grpc-js';
import { makeDial } from '../../../src/transport/grpc/client/client.ts';
import type { Session } from '../../../src/transport/session.ts';
import type { Library } from '../cases.ts';
import type { PlanJob, PlanResult } from './plan.ts';
import { playPlan } from './play-plan.ts';

/** `calls` calls, `parallel` at a time. */
export interface Job {
  readonly socket: string;
  readonly library: Library;
  readonly path: string;
  /** The request in base64. */
  readonly request: string;
  readonly parallel: number;
  readonly calls: number;
  /** Connections that the calls are spread over; undefined: one. */
  readonly clients?: number | undefined;
}

/** Times of the calls in microseconds, and from the first to the last of them in milliseconds. */
export interface JobResult {
  readonly times: number[];
  readonly elapsed: number;
}

/** The timeout of a kubelet's calls, in ms. */
const timeout = 120_000;

type Call = (path: string, request: Buffer) => Promise<unknown>;

/** The connections to each socket, kept over all jobs. */
const calls = new Map<string, Promise<Call[]>>();

async function connect({ library, socket }: Job): Promise<Call> {
  if (library === 'own') {
    const session = await makeDial({})(socket, 5000);
    const { signal } = new AbortController();
    return (path, request) =>
      session.call(path, request, { metadata: [], deadline: performance.now() + timeout, signal });
  }
  const client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  const identity = (octets: Buffer): Buffer => octets;
  return (path, request) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + timeout;
      client.makeUnaryRequest(path, identity, identity, request, new grpc.Metadata(), { deadline }, (error, message) =>
        error === null ? resolve(message) : reject(error),
      );
    });
}

async function run(job: Job): Promise<JobResult> {
  const { clients = 1 } = job;
  const key = `${job.library} ${job.socket} ${clients}`;
  const connected = calls.get(key) ?? Promise.all(Array.from({ length: clients }, () => connect(job)));
  calls.set(key, connected);
  const each = await connected;
  const request = Buffer.from(job.request, 'base64');
  const times: number[] = [];
  let left = job.calls;
  const worker = async (_: unknown, at: number) => {
    const call = each[at % clients]!;
    while (left > 0) {
      left--;
      const start = performance.now();
      await call(job.path, request);
      times.push((performance.now() - start) * 1000);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: job.parallel }, worker));
  return { times, elapsed: performance.now() - start };
}

/** The kubelet's two connections to each socket. */
const pairs = new Map<string, Promise<Session[]>>();

async function play(job: PlanJob): Promise<PlanResult> {
  const dial = makeDial({});
  const pair = pairs.get(job.socket) ?? Promise.all([dial(job.socket, 5000), dial(job.socket, 5000)]);
  pairs.set(job.socket, pair);
  return playPlan(job, await pair);
}

/** A job and its number come in, its result goes out with the number. */
process.on('message', ({ id, job }: { id: number; job: Job | PlanJob }) => {
  const done = 'plan' in job ? play(job) : run(job);
  done.then(
    result => process.send!({ id, result }),
    error => process.send!({ id, error: String(error) }),
  );
});
