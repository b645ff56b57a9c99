import * as grpc from '@grpc/grpc-js';
import { test } from 'tap';
import { criTypes } from '../support/cri-types.ts';
import { startProxy } from '../support/proxy.ts';
import { randomRun } from '../support/random-run.ts';
import { TEST_LIMIT } from '../support/require.ts';
import type { Random } from '../transport/support/random.ts';
import { ForeignClient, startForeignServer } from '../transport/support/sockets.ts';

const UNARY = '/runtime.v2.RuntimeService/Unknown';
const BIDI = '/other.v1.Service/Talk';
const WIDTH = 8;

/** The plan of one call: the client's messages, the runtime's messages, and the end. */
interface Plan {
  readonly requests: readonly Buffer[];
  readonly answers: readonly Buffer[];
  readonly status: { readonly code: number; readonly details: string };
  readonly metadata: Buffer;
}

/** Bytes that need not be protobuf; a few are larger than a window. */
function randomBytes(random: Random): Buffer {
  return random.octets(random.below(20) === 0 ? random.below(200_000) : random.below(60));
}

function randomPlan(random: Random, count: () => number): Plan {
  const some = () => Array.from({ length: count() }, () => randomBytes(random));
  const code = random.below(3) === 0 ? 1 + random.below(16) : 0;
  const details = code === 0 ? '' : random.pick(['', 'no', 'für 日本 %', 'x'.repeat(300)]);
  return { requests: some(), answers: some(), status: { code, details }, metadata: random.octets(random.below(40)) };
}

function metadataOf(key: string, bytes: Buffer): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('key', key);
  metadata.set('a-bin', bytes);
  return metadata;
}

const hash = (messages: readonly Buffer[]) =>
  messages.map(each => `${each.length} ${each.toString('hex').slice(0, 80)}`);

const { random, rounds, name } = randomRun(150);

/** The differential check for methods that have no row: bytes, metadata and status are the same on both sides. */
test(`random calls of unknown methods, ${name}`, { timeout: TEST_LIMIT }, async t => {
  const plans = new Map<string, Plan>();
  const arrived = new Map<string, { readonly messages: Buffer[]; readonly metadata: Buffer }>();
  const note = (metadata: grpc.Metadata) => {
    const key = String(metadata.get('key')[0]);
    const seen = { messages: [] as Buffer[], metadata: metadata.get('a-bin')[0] as Buffer };
    arrived.set(key, seen);
    return { key, seen, plan: plans.get(key)! };
  };
  const version = criTypes('runtime.v1').encode('VersionResponse', { version: '0.1.0', runtime_name: 'foreign' });
  const { path } = await startForeignServer(t, {
    '/runtime.v1.RuntimeService/Version': (_call, reply) => reply(null, version),
    [UNARY]: (call, reply) => {
      const { key, seen, plan } = note(call.metadata);
      seen.messages.push(call.request);
      call.sendMetadata(metadataOf(key, plan.metadata));
      if (plan.status.code === 0) reply(null, plan.answers[0], metadataOf(key, plan.metadata));
      else reply({ ...plan.status, metadata: metadataOf(key, plan.metadata) });
    },
    [BIDI]: {
      stream: call => {
        const { key, seen, plan } = note(call.metadata);
        call.sendMetadata(metadataOf(key, plan.metadata));
        let next = 0;
        call.on('data', (message: Buffer) => {
          seen.messages.push(message);
          if (next < plan.answers.length) call.write(plan.answers[next++]!);
        });
        call.on('error', () => {});
        call.on('end', () => {
          while (next < plan.answers.length) call.write(plan.answers[next++]!);
          if (plan.status.code === 0) call.end(metadataOf(key, plan.metadata));
          else call.emit('error', { ...plan.status, metadata: metadataOf(key, plan.metadata) });
        });
      },
    },
  });
  const proxy = await startProxy({ connect: path, verbosity: 0 });
  t.teardown(() => proxy.remove());
  const { client } = new ForeignClient(t, proxy.socketPath);
  const differences: string[] = [];
  let calls = 0;
  const ask = async () => {
    const key = `${calls++}`;
    const isUnary = random.below(2) === 0;
    const plan = randomPlan(random, () => (isUnary ? 1 : random.below(6)));
    plans.set(key, plan);
    const got = await talk(client, isUnary, plan, key);
    const seen = arrived.get(key);
    const metadata = plan.metadata.toString('hex');
    const answers = isUnary && plan.status.code !== 0 ? [] : plan.answers;
    const want = [hash(plan.requests), hash(answers), plan.status, metadata, metadata, metadata];
    const have = [
      hash(seen?.messages ?? []),
      hash(got.messages),
      got.status,
      seen?.metadata.toString('hex'),
      got.headers,
      got.trailers,
    ];
    const isSame = same(seen?.messages, plan.requests) && same(got.messages, answers);
    if (!isSame || JSON.stringify(have) !== JSON.stringify(want))
      differences.push(`call ${key}: ${JSON.stringify(have)} for ${JSON.stringify(want)}`);
    plans.delete(key);
    arrived.delete(key);
  };
  const caller = async () => {
    while (calls < rounds) await ask();
  };
  await Promise.all(Array.from({ length: WIDTH }, caller));
  t.same(differences.slice(0, 2), [], `${differences.length} of ${calls} calls differ`);
});

function same(one: readonly Buffer[] | undefined, other: readonly Buffer[]): boolean {
  return one?.length === other.length && other.every((each, at) => each.equals(one[at]!));
}

/** Makes the call, and resolves with its outcome. */
function talk(client: grpc.Client, isUnary: boolean, plan: Plan, key: string) {
  const identity = (bytes: Buffer) => bytes;
  const options = { deadline: Date.now() + 60_000 };
  const metadata = metadataOf(key, plan.metadata);
  const messages: Buffer[] = [];
  let headers = '';
  const textOf = (list: grpc.Metadata) => (list.get('a-bin')[0] as Buffer | undefined)?.toString('hex') ?? '';
  let call: grpc.ClientUnaryCall;
  if (isUnary) {
    call = client.makeUnaryRequest(
      UNARY,
      identity,
      identity,
      plan.requests[0]!,
      metadata,
      options,
      (_fault, message) => {
        if (message !== undefined) messages.push(message);
      },
    );
  } else {
    const duplex = client.makeBidiStreamRequest(BIDI, identity, identity, metadata, options);
    duplex.on('data', message => messages.push(message));
    duplex.on('error', () => {});
    for (const request of plan.requests) duplex.write(request);
    duplex.end();
    call = duplex;
  }
  call.on('metadata', list => {
    headers = textOf(list);
  });
  return new Promise<{ messages: Buffer[]; status: Plan['status']; headers: string; trailers: string }>(resolve => {
    call.on('status', ({ code, details, metadata: trailers }) =>
      // The callback of a unary call may come after its status.
      setImmediate(() =>
        resolve({
          messages,
          status: { code, details: code === 0 ? '' : details },
          headers,
          trailers: textOf(trailers),
        }),
      ),
    );
  });
}
