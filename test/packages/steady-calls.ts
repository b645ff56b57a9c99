/**
 * A client that calls a CRI socket at a steady rate, whatever the answers: `node steady-calls.ts SOCKET CALLS_PER_SECOND`. A
 * kubelet has two connections too, and gives each call a deadline. Writes a line for every hundred answers. Ends with SIGTERM once every
 * call is answered, and writes the result as JSON in the last line.
 */
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';

/** The result of the calls. `longest`: the time of the slowest answer, in ms. */
export interface SteadyCalls {
  readonly calls: number;
  readonly failed: readonly string[];
  readonly longest: number;
}

const DEADLINE = 20_000;
const paths = ['/runtime.v1.RuntimeService/Version', '/runtime.v1.RuntimeService/ListPodSandbox'];

const [socket, rate] = process.argv.slice(2) as [string, string];
const options = { 'grpc.use_local_subchannel_pool': 1 };
const clients = paths.map(() => new Client(`unix:${socket}`, credentials.createInsecure(), options));
const identity = (bytes: Buffer) => bytes;
const failed: string[] = [];
let [calls, answered, open, longest] = [0, 0, 0, 0];
let isOver = false;

function call(): void {
  const which = calls++ % paths.length;
  const start = performance.now();
  open++;
  const done = (error: ServiceError | null) => {
    open--;
    if (++answered % 100 === 0) process.stdout.write(`${answered}\n`);
    longest = Math.max(longest, performance.now() - start);
    if (error !== null) failed.push(`${calls}: ${error.message}`);
    endIfDone();
  };
  clients[which]!.makeUnaryRequest(
    paths[which]!,
    identity,
    identity,
    Buffer.alloc(0),
    { deadline: Date.now() + DEADLINE },
    done,
  );
}

function endIfDone(): void {
  if (!isOver || open > 0) return;
  process.stdout.write(JSON.stringify({ calls, failed, longest: Math.round(longest) }));
  process.exit(0);
}

const begin = performance.now();
const timer = setInterval(() => {
  for (const due = ((performance.now() - begin) * Number(rate)) / 1000; calls < due; ) call();
}, 5);
process.once('SIGTERM', () => {
  clearInterval(timer);
  isOver = true;
  endIfDone();
});
