import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';

const root = join(import.meta.dirname, '..');

/** Matching lines of each file. */
function linesWith(pattern: RegExp, files: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    const matching = lines.filter(line => pattern.test(line)).map(line => line.trim());
    if (matching.length > 0) found.set(file, matching);
  }
  return found;
}

const files = globSync('test/**/*.ts', { cwd: root }).sort();
// Measurements and pictures are not tests.
const tests = files.filter(file => !/^test\/(?:bench\/|docs\/.*-picture|habits)/.test(file));

/** A pause of a fixed time. Virtual time has elapse(); a test waits for a condition with waitFor(). */
const pause = /\bsleep\(|await new Promise\(\w* ?=>? ?setTimeout|new Promise(?:<\w+>)?\(\w+ => setTimeout\(/;

const PACE = 'a client or a runtime of the test that is slow on purpose';
const LASTS = 'how long a fault lasts, or a load';
const SILENCE = 'time in which another process must not do something: no event tells that it will not';
const RANDOM = 'a moment at random, to be hit by a kill';
const POLL = 'the pause between two looks, of a wait with a bound';

/** Every pause that is left in the tests: the number in each file, and the reason. */
const pauses: Readonly<Record<string, readonly [number, string]>> = {
  'test/app/metrics/metrics.slow.test.ts': [1, PACE],
  'test/app/operate/reload-load.slow.test.ts': [1, PACE],
  'test/cli/trace/trace.slow.test.ts': [1, PACE],
  'test/daemon/at-rest.slow.test.ts': [1, SILENCE],
  'test/faults/kills.slow.test.ts': [1, RANDOM],
  'test/faults/neighbours.slow.test.ts': [1, PACE],
  'test/faults/support/list-watch.ts': [1, PACE],
  'test/faults/support/runtime-process.ts': [1, PACE],
  'test/faults/support/well-behaved.ts': [1, PACE],
  'test/packages/stand-in-kubelet.ts': [1, POLL],
  'test/packages/systemd.test.ts': [2, LASTS],
  'test/runner/run-file.test.ts': [1, 'a test of a test that is late'],
  'test/support/child.ts': [1, POLL],
  'test/support/exposition.ts': [1, 'the metrics are asked for again a second later'],
  'test/support/fakes/answer-faults.ts': [2, PACE],
  'test/support/memory-in-use.ts': [1, POLL],
  'test/support/virtual-time.ts': [1, 'virtual time'],
  'test/systemd/own-socket.slow.test.ts': [1, SILENCE],
  'test/transport/grpc/memory.slow.test.ts': [2, LASTS],
  'test/transport/http2/floods.slow.test.ts': [1, PACE],
  'test/transport/support/record.ts': [1, 'the last acknowledgements of grpc-js, which vary'],
};

test('no test pauses for a fixed time, but for these', async t => {
  const found = linesWith(pause, tests);
  const counts = Object.fromEntries([...found].map(([file, lines]) => [file, lines.length]));
  const expected = Object.fromEntries(Object.entries(pauses).map(([file, [count]]) => [file, count]));
  t.strictSame(counts, expected, 'wait for a condition (waitFor), use virtual time (fastForward), or add a row');
});

/** A deadline of a call or a limit of a wait below one second, which a busy machine misses. */
const shortLimit =
  /\b(?:deadline|DEADLINE)\b(?::| =) \d{1,3}\b|callOptions\(\[[^\]]*\], \d{1,3}\b|\bwaitFor\(.*timeout: \d{1,3}\b/;

const PASSES = 'it is to pass: the later, the better';

const shortLimits: Readonly<Record<string, readonly [number, string]>> = {
  'test/routing/asking/endable-call.test.ts': [2, 'a number that is handed on, not a time'],
  'test/transport/grpc/client/client-grpcjs.test.ts': [1, PASSES],
  'test/transport/http2/odd-ends-client.test.ts': [2, PASSES],
};

test('no deadline that has to hold is below a second', async t => {
  const found = linesWith(shortLimit, tests);
  const counts = Object.fromEntries([...found].map(([file, lines]) => [file, lines.length]));
  const expected = Object.fromEntries(Object.entries(shortLimits).map(([file, [count]]) => [file, count]));
  t.strictSame(counts, expected, 'give it 20 s, use virtual time, or add a row where it is to pass');
});
