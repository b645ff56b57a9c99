import { test } from 'tap';
import { fields, methodPath, methods, type Package } from '../support/facts.ts';
import { randomMessage } from '../support/random-messages.ts';
import { randomRun } from '../support/random-run.ts';
import { TEST_LIMIT } from '../support/require.ts';
import type { Random } from '../transport/support/random.ts';
import { len } from '../wire/bytes.ts';
import { startOneRuntime } from './one-runtime.ts';

const pkg: Package = 'runtime.v1';
const WIDTH = 8;
const PATIENCE = { deadline: 60_000 };

/** A field that no message of CRI has: it tells calls apart, since events have no metadata. */
const KEY = 1001;

const streams = methods.filter(({ serverStream }) => serverStream);

/** A list with an item without an id is malformed, and its snapshot stands in: each item has one here, as its last field. */
function randomPart(random: Random, method: string, response: string, key: string): Buffer {
  if (!['StreamPodSandboxes', 'StreamContainers', 'StreamImages'].includes(method))
    return randomMessage(random, pkg, response);
  const item = fields
    .get(pkg)!
    .get(response)!
    .find(({ number }) => number === 1)!.type;
  const parts = Array.from({ length: random.below(4) }, (_, at) =>
    len(1, randomMessage(random, pkg, item), len(1, `${key}-${at}`)),
  );
  return Buffer.concat([...parts, random.below(4) === 0 ? len(1000, random.octets(9)) : Buffer.alloc(0)]);
}

/** The differential check for streams: with one runtime, the client gets the very messages that the runtime sent, in their order. */
for (const { method, request, response } of streams) {
  const { random, rounds, name } = randomRun(40);
  test(`random messages of ${method}, ${name}`, { timeout: TEST_LIMIT }, async t => {
    const { runtime, client } = await startOneRuntime(t, pkg);
    const answers = new Map<string, readonly Buffer[]>();
    runtime.answers[method] = bytes => answers.get(bytes.toString('hex')) ?? { code: 9, message: 'another request' };
    const differences: string[] = [];
    let calls = 0;
    let messages = 0;
    const ask = async () => {
      const key = `${calls++}`;
      const sent = Buffer.concat([randomMessage(random, pkg, request), len(KEY, key)]);
      const answer = Array.from({ length: random.below(6) }, (_, at) =>
        randomPart(random, method, response, `${key}-${at}`),
      );
      answers.set(sent.toString('hex'), answer);
      const got: Buffer[] = [];
      const stream = client.rawStream(methodPath(method, pkg), sent, PATIENCE);
      try {
        for await (const message of stream) got.push(message);
      } catch {
        // The test looks at the status.
      }
      const { code, details } = await stream.outcome;
      messages += got.length;
      const hex = (each: readonly Buffer[]) => each.map(message => message.toString('hex').slice(0, 200));
      if (code !== 0) differences.push(`code ${code}: ${details} for ${hex([sent])}`);
      else if (answer.length !== got.length || !answer.every((each, at) => each.equals(got[at]!)))
        differences.push(`sent ${hex(answer)} got ${hex(got)}`);
      answers.delete(sent.toString('hex'));
    };
    const caller = async () => {
      while (calls < rounds) await ask();
    };
    await Promise.all(Array.from({ length: WIDTH }, caller));
    t.same(differences.slice(0, 2), [], `${differences.length} of ${calls} calls differ`);
    t.ok(messages > 0, `${messages} messages`);
  });
}
