import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { test } from 'tap';
import { followAdmin } from '../../../src/admin/admin-client.ts';
import type { TracedCall } from '../../../src/admin/api/trace-line.ts';
import { waitFor } from '../../support/child.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { answerWith } from '../../support/fake-runtime.ts';
import { outcomeOf, startRuntime, startTrace, startTracedDaemon } from './trace-command-lab.ts';

const SECRET = 'hunter2';
/** How long a call takes that is slow, in ms; no other is on a busy machine. */
const SLOW = 2_000;

const create: Message = {
  pod_sandbox_id: 'pod-web',
  config: { metadata: { name: 'new' }, envs: [{ key: 'TOKEN', value: Buffer.from(SECRET) }] },
};
const pull: Message = { image: { image: 'busybox' }, auth: { username: 'joe', password: SECRET } };

/** The calls, made once in this order and seen by every trace; the first is slow, the last but two fails. */
const calls: ReadonlyArray<readonly [method: string, request: Message]> = [
  ['Status', {}],
  ['StopContainer', { container_id: 'container-web' }],
  ['StopContainer', { container_id: 'alt__container-db' }],
  ['ListContainers', {}],
  ['ReopenContainerLog', { container_id: 'container-web' }],
  ['CreateContainer', create],
  ['PullImage', pull],
];

const rows: ReadonlyArray<readonly [query: string, seen: readonly string[]]> = [
  ['', calls.map(([method]) => method)],
  ['pod=web-0', ['StopContainer', 'ReopenContainerLog', 'CreateContainer']],
  ['pod=tests/d*', ['StopContainer']],
  ['runtime=alt&method=*Container*', ['StopContainer', 'ListContainers']],
  ['runtime=&pod=*', ['StopContainer', 'ReopenContainerLog', 'CreateContainer']],
  ['errors=true', ['ReopenContainerLog']],
  [`slow=${SLOW}`, ['Status']],
];

test('the lines of the daemon about calls', async t => {
  const { client, admin, primary } = await startTracedDaemon(t);
  const status = answerWith({});
  primary.answers['Status'] = async (request, call) => {
    await sleep(SLOW + 100);
    return status(request, call);
  };
  const end = new AbortController();
  t.teardown(() => end.abort());
  const traces = rows.map(([query]) => followAdmin(admin, `/v1/trace?${query}`, end.signal));
  for (const trace of traces) t.match(await trace.next(), { value: /"start"/ });
  for (const [method, request] of calls) await client.ask(method, request);
  for (const [index, [query, seen]] of rows.entries()) {
    const methods: string[] = [];
    while (methods.length < seen.length) {
      const { value } = await traces[index]!.next();
      methods.push((JSON.parse(value as string) as TracedCall).method);
    }
    t.strictSame(methods, seen, `GET /v1/trace?${query}`);
  }
});

test('bodies, a recording, and their secrets', async t => {
  const { client, admin, dir } = await startTracedDaemon(t);
  const file = join(dir, 'recording');
  const trace = await startTrace(t, admin, '--body', '--record', file, '--count', '2');
  await client.call('CreateContainer', create);
  await client.call('PullImage', pull);
  t.equal(await trace.ended, 0);
  const said = trace.stdout();
  t.match(said, /CreateContainer +tests\/web-0\/new +primary +\S+ OK\n {4}request:\n {6}pod_sandbox_id: pod-web/);
  t.match(said, /value: <redacted>/);
  t.match(said, /password: <redacted>/);
  t.match(said, / {4}response:\n {6}container_id: made-web\n/);
  t.notMatch(said, '\u001b', 'no colour in a pipe');
  t.match(trace.stderr(), /2 calls are in .*; secrets are redacted/);
  const recorded = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text) as Message);
  const requests = recorded.slice(1).map(({ request }) => Buffer.from(request, 'base64'));
  t.match(criTypes('runtime.v1').decode('CreateContainerRequest', requests[0]!), { pod_sandbox_id: 'pod-web' });
  for (const [what, bytes] of [['the output', Buffer.from(said)], ...requests.map(bytes => ['a request', bytes])]) {
    t.notOk((bytes as Buffer).includes(SECRET), `${what} has no secret`);
  }
  t.equal(statSync(file).mode & 0o777, 0o600);
  const again = await outcomeOf(t, ['trace', '--admin-socket', admin, '--record', file]);
  t.match(again, { status: 1, stderr: /recording is there already; give a recording another name/ });
});

test('a stream, and a daemon that stops', async t => {
  const { client, admin, proxy } = await startTracedDaemon(t);
  const trace = await startTrace(t, admin, '--method', 'GetContainerEvents');
  const stream = client.stream('GetContainerEvents');
  await waitFor('its begin', () => /GetContainerEvents .* begins\n/.test(trace.stdout()) || undefined);
  stream.cancel();
  await stream.outcome;
  await waitFor('its end', () => /GetContainerEvents .* Cancelled\n/.test(trace.stdout()) || undefined);
  await proxy.stop();
  t.equal(await trace.ended, 1);
  t.match(trace.stderr(), /the daemon has ended the trace|ended while it was asked/);
});

test('a recording that is replayed makes the calls that were made', async t => {
  const { client, admin, dir, primary } = await startTracedDaemon(t);
  const file = join(dir, 'recording');
  const trace = await startTrace(t, admin, '--record', file, '-o', 'json', '-n', '6');
  primary.journal.length = 0;
  const { pod_sandbox_id } = await client.call('RunPodSandbox', { config: { metadata: { name: 'p' } } });
  const { container_id } = await client.call('CreateContainer', {
    pod_sandbox_id,
    config: { metadata: { name: 'c' } },
  });
  await client.call('StartContainer', { container_id });
  await client.ask('ReopenContainerLog', { container_id });
  await client.call('ExecSync', { container_id, cmd: ['true'] });
  await client.call('StopContainer', { container_id, timeout: 3 });
  t.equal(await trace.ended, 0);
  const isTheirs = ({ method }: { method: string }) => !/^(?:Version|Status|List.*)$/.test(method);
  const made = primary.journal.filter(isTheirs);

  const target = await startRuntime(join(dir, 'target.sock'), 'other');
  t.teardown(() => target.stop());
  const first = await outcomeOf(t, ['replay', file, '--to', target.socketPath]);
  t.match(first, { status: 2, stderr: /6 of the calls in .* change something \(RunPodSandbox, .*--force/ });
  t.strictSame(target.journal, [], 'nothing was sent');
  const second = await outcomeOf(t, ['replay', file, '-to', target.socketPath, '--force', '--speed', '10']);
  t.match(second, {
    status: 0,
    stdout: /RunPodSandbox .* OK\n.*\n6 calls in .*: 6 ended as in the recording, 0 did not\n$/s,
  });
  const rename = (text: string) => text.replaceAll('new-web', 'new-other').replaceAll('made-web', 'made-other');
  const show = ({ path, request }: { path: string; request: Buffer }) => [
    path,
    rename(inspect(criTypes('runtime.v1').decode(`${path.split('/').at(-1)}Request`, request))),
  ];
  t.strictSame(target.journal.map(show), made.map(show));

  target.answers['StopContainer'] = { code: 5, message: 'no such\u001b container' };
  const third = await outcomeOf(t, ['replay', file, '--to', target.socketPath, '--only', 'Stop*', '--force']);
  t.match(third, {
    status: 1,
    stdout: /StopContainer .* OK -> NotFound\n +no such. container\n1 call .*1 did not; 5 were not/,
  });
  t.notMatch(third.stdout, '\u001b');
});
