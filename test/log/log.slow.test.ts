import { test } from 'tap';
import { startDaemon } from '../daemon/daemon.ts';
import { waitFor } from '../support/child.ts';

const DEADLINE = { deadline: 20_000 };

/** glog: severity, month and day, time, process id, file and line; the fields of a dump are indented below it. */
const LINE = /^(?:[IWE]\d{4} \d{2}:\d{2}:\d{2}\.\d{6} +\d+ [\w.-]+:\d+\] .+| {2}.*)$/;

const calls: ReadonlyArray<readonly [method: string, request: Record<string, unknown>, from: number]> = [
  ['StopContainer', { container_id: 'c1', timeout: 5 }, 3],
  ['Status', {}, 4],
  ['ListContainers', {}, 5],
];

for (const level of [0, 2, 3, 4, 5]) {
  test(`-v ${level}`, async t => {
    const { proxy, client } = await startDaemon(t, { verbosity: level });
    for (const [method, request] of calls) await client.call(method, request, DEADLINE);
    await client.ask('ReopenContainerLog', { container_id: 'nowhere' }, DEADLINE);
    await proxy.stop();
    await waitFor('the log to be read', () => proxy.log().includes('] stopped\n') || undefined);
    const lines = proxy.log().trimEnd().split('\n');
    const times = lines.flatMap(line => /^[IWE](\d{4} [\d:.]+)/.exec(line)?.[1] ?? []);
    t.strictSame(times, [...times].sort(), 'time goes forward');
    for (const line of lines) t.match(line, LINE);
    for (const [method, , from] of calls) {
      const dumped = lines
        .filter(line => line.includes(`] ${method} re`))
        .map(line => line.replace(/^.*\] /, '').replace(/ #\d+$/, ''));
      const both = [`${method} request (runtime.v1)`, `${method} response (runtime.v1)`];
      t.strictSame(dumped, level >= from ? both : [], method);
    }
    const failures = lines.filter(line => line.includes('ReopenContainerLog failed: Unimplemented'));
    t.equal(failures.length, level >= 2 ? 1 : 0, 'failed calls');
    for (const text of ['serving CRI on', 'the primary runtime is up', 'SIGTERM', 'starts, pid']) {
      t.equal(lines.filter(line => line.includes(text)).length, 1, `"${text}" once`);
    }
  });
}

test('secrets do not reach the log, at the highest level', async t => {
  const { proxy, client, runtime } = await startDaemon(t, { verbosity: 5 });
  runtime.answers['PullImage'] = Buffer.alloc(0);
  runtime.answers['CreateContainer'] = Buffer.alloc(0);
  const auth = { username: 'joe', password: 'hunter2', registry_token: 'hunter2' };
  await client.call('PullImage', { image: { image: 'web:1' }, auth }, DEADLINE);
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"value":"hunter2"}' };
  const envs = [{ key: 'TOKEN', value: Buffer.from('hunter2') }];
  const request = { pod_sandbox_id: 'p1', config: { envs, annotations }, sandbox_config: { annotations } };
  await client.call('CreateContainer', request, DEADLINE);
  await proxy.stop();
  await waitFor('the log to be read', () => proxy.log().includes('] stopped\n') || undefined);
  t.match(proxy.log(), 'key: TOKEN');
  t.match(proxy.log(), 'password: <redacted>');
  t.notOk(proxy.log().includes('hunter2'));
});
