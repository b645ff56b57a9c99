import { test } from 'tap';
import { methodPath, methods, packages } from '../support/facts.ts';
import { randomMessage } from '../support/random-messages.ts';
import { randomRun } from '../support/random-run.ts';
import { startOneRuntime } from './one-runtime.ts';

/** The number of parallel calls, which interleave frames of many streams. */
const WIDTH = 8;

/**
 * Methods whose answer is more than a copy with one runtime too; they have tests of their own. The proxy answers Version, an item
 * without an id makes a list malformed, so that the last good one stands in, Status is joined from its parts, and UpdateRuntimeConfig is kept.
 */
const apart: readonly string[] = [
  'Version',
  'ListPodSandbox',
  'ListContainers',
  'ListImages',
  'Status',
  'UpdateRuntimeConfig',
];

const PATIENCE = { deadline: 60_000 };

/** The differential check: with one runtime, the client and the runtime must see the very bytes that the other one sent. */
for (const pkg of packages) {
  // Calls of each method.
  const { random, rounds, name } = randomRun(40);
  const timeout = 300_000 + rounds * 1000;
  test(`random messages of every method of ${pkg}, through one runtime, ${name}`, { timeout }, async t => {
    const { runtime, client } = await startOneRuntime(t, pkg);
    for (const { method, request, response, serverStream, packages: has } of methods) {
      if (!has.includes(pkg) || serverStream || apart.includes(method)) continue;
      const differences: string[] = [];
      let calls = 0;
      const ask = async () => {
        const sent = randomMessage(random, pkg, request);
        const answer = randomMessage(random, pkg, response);
        const key = `${calls++}`;
        answers.set(key, answer);
        const got = await client.raw(methodPath(method, pkg), sent, { ...PATIENCE, metadata: { key } });
        const arrived = runtime.journal.find(entry => entry.metadata.get('key')[0] === key)?.request;
        if (arrived === undefined || !arrived.equals(sent))
          differences.push(`request ${sent.toString('hex').slice(0, 200)}`);
        if (got.code !== 0) differences.push(`code ${got.code}: ${got.details}`);
        else if (!got.response!.equals(answer)) differences.push(`response ${answer.toString('hex').slice(0, 200)}`);
      };
      const answers = new Map<string, Buffer>();
      runtime.answers[method] = (_request, entry) =>
        Promise.resolve(answers.get(String(entry.metadata.get('key')[0])) ?? Buffer.alloc(0));
      const caller = async () => {
        while (calls < rounds) await ask();
      };
      await Promise.all(Array.from({ length: WIDTH }, caller));
      runtime.journal.length = 0;
      t.same(differences.slice(0, 2), [], `${method}: ${differences.length} of ${calls} calls differ`);
    }
  });
}
