import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tap, { type Test, test } from 'tap';
import { forgetRoutes } from '../../../src/app/operate/forget-routes.ts';
import { Code } from '../../../src/base/codes.ts';
import { readJournal } from '../../../src/store/journal.ts';
import { writeState } from '../../../src/store/state-file.ts';
import { podConfig } from '../../faults/support/routed.ts';
import { waitFor } from '../../support/child.ts';
import { EngineNode } from './engine-node.ts';

tap.jobs = 4;

/** Two runtimes A and B with a pod in each, listed by a proxy that has stopped; ids of the pods. */
async function stoppedNode(t: Test, connect = 'A,alt:B'): Promise<{ node: EngineNode; a: string; b: string }> {
  const node = new EngineNode(t);
  await node.start(connect);
  const make = async (alt: boolean) =>
    (await node.call('RunPodSandbox', podConfig(alt ? 'other' : 'web', alt)))['pod_sandbox_id'] as string;
  const [a, b] = [await make(false), (await make(true)).replace('alt__', '')];
  await node.pods();
  await node.stop();
  return { node, a, b };
}

const snapshots = /B\.sock(@copy)?\.snapshot$/;

test('ids over a restart, and the runtime is down', async t => {
  for (const [connect, down, expected] of [
    ['A,alt:B', 'B', ['alt__b', 'a']],
    ['A,kata:B', 'B', ['a', 'alt__b']],
    ['B,alt:A', 'B', ['a', 'alt__b']],
    ['B,alt:A', 'A', ['a', 'alt__b']],
    ['B', 'B', ['alt__b']],
  ] as const) {
    const { node, a, b } = await stoppedNode(t);
    node.engine(down).set('down');
    await node.start(connect);
    const name = (id: string) => id.replace(/a$/, a).replace(/b$/, b);
    t.strictSame(await node.pods(), expected.map(name).sort(), `A,alt:B is ${connect} now, and ${down} is down`);
  }
});

test('a runtime behind another spelling of its socket, and a link that comes late', async t => {
  const { node, a, b } = await stoppedNode(t);
  node.engine('B').set('down');
  symlinkSync('run', join(node.folder, 'var-run'));
  const spelt = node.pathOf;
  node.pathOf = name => spelt.call(node, name).replace('/run/', '/var-run/');
  await node.start('A,kata:B');
  t.strictSame(await node.pods(), [a, `alt__${b}`].sort());
  await node.stop();
  rmSync(join(node.folder, 'var-run'));
  await node.start('A,alt:B');
  t.strictSame(
    await node.pods(),
    [a, `alt__${b}`].sort(),
    'by the path in the configuration, where the link is not there',
  );
});

test('the socket has moved, under the same id: the old snapshot stands in until the runtime answers', async t => {
  const { node, a, b } = await stoppedNode(t);
  node.engine('C').set('down');
  await node.start('A,alt:C');
  t.strictSame(await node.pods(), [a, `alt__${b}`].sort());
  node.engine('C').set(undefined);
  await waitFor('its own answer', async () => (String(await node.pods()) === a ? true : undefined));
});

test('files of one runtime are damaged while it is down', async t => {
  for (const [what, files, at, expected] of [
    ['the file', /B\.sock\.snapshot$/, 0.7, 'all'],
    ['the copy', /B\.sock@copy\.snapshot$/, 0.7, 'all'],
    ['the first byte of the file', /B\.sock\.snapshot$/, 0, 'all'],
    ['the last record of the file', /B\.sock\.snapshot$/, 0.99, 'all'],
    ['both', snapshots, 0.7, Code.Unavailable],
    ['both, and the mark', /B\.sock/, 0.7, Code.Unavailable],
  ] as const) {
    const { node, a, b } = await stoppedNode(t);
    node.damage(node.files(files), at);
    node.engine('B').set('down');
    await node.start('A,alt:B', 'raw');
    t.strictSame(await node.pods(), expected === 'all' ? [a, b].sort() : expected, what);
    t.equal(
      await node.code('PodSandboxStatus', { pod_sandbox_id: b }),
      Code.Unavailable,
      `${what}: its pod is not gone`,
    );
    node.engine('B').set(undefined);
    await waitFor('it to answer', async () => (Array.isArray(await node.pods()) ? true : undefined));
    t.strictSame(await node.pods(), [a, b].sort(), `${what}: the runtime is up again`);
  }
});

test('a file that is gone is no runtime that was never seen', async t => {
  for (const [what, files, expected] of [
    ['the file', /B\.sock\.snapshot$/, 2],
    ['both', snapshots, Code.Unavailable],
  ] as const) {
    const { node } = await stoppedNode(t);
    for (const path of node.files(files)) rmSync(path);
    node.engine('B').set('down');
    await node.start('A,alt:B');
    const pods = await node.pods();
    t.equal(Array.isArray(pods) ? pods.length : pods, expected, what);
  }
});

test('a runtime that was up, and killed with the proxy before it gave a list, may have pods', async t => {
  const node = new EngineNode(t);
  node.lacks.set('B', ['ListPodSandbox', 'ListContainers', 'ListImages']);
  await node.start('A,alt:B');
  await waitFor('the mark', () => node.files(/B\.sock@known\.snapshot$/)[0]);
  await node.kill();
  node.engine('B').set('down');
  await node.start('A,alt:B');
  t.equal(await node.pods(), Code.Unavailable);
  t.match(node.log.lines.join('\n'), /not known: .*criproxy forget alt/);
});

test('a lost state is forgotten by the command, and stays forgotten over a restart', async t => {
  const { node, a } = await stoppedNode(t);
  for (const path of node.files(snapshots)) rmSync(path);
  node.engine('B').set('down');
  await node.start('A,alt:B');
  t.equal(await node.pods(), Code.Unavailable);
  const { generations } = node;
  const [route] = forgetRoutes(generations, node.log);
  const ask = async (body: unknown) =>
    route!.handle({ query: new URLSearchParams(), body, signal: new AbortController().signal });
  for (const body of [undefined, {}, { runtime: '' }, { runtime: 'other' }])
    t.match(await ask(body).catch(fault => fault), { status: 404 });
  t.strictSame(await ask({ runtime: 'alt' }), { kind: 'json', value: { runtime: 'alt', pods: 0 } });
  t.strictSame(await node.pods(), [a]);
  t.strictSame(node.files(/B\.sock/), []);
  await node.stop();
  await node.start('A,alt:B');
  t.strictSame(await node.pods(), [a], 'it was never seen');
  node.engine('B').set(undefined);
  await waitFor('its pods', async () => ((await node.pods()) as string[]).length === 2 || undefined);
});

test('a runtime that is forgotten stays forgotten when a reload gives it another id, another place or another socket', async t => {
  for (const connect of ['A,kata:B', 'A,alt:C', 'A,next:C,alt:B']) {
    const { node, a } = await stoppedNode(t);
    await node.start('A,alt:B');
    for (const name of ['B', 'C']) node.engine(name).set('down');
    const { generations } = node;
    await generations.forget(generations.runtimes.all[1]!);
    await generations.change(node.config(connect));
    t.strictSame(await node.pods(), [a], connect);
  }
});

test('a runtime that is up cannot be forgotten; a runtime with the snapshot of another one can, with this snapshot', async t => {
  const { node, a } = await stoppedNode(t);
  node.engine('C').set('down');
  await node.start('A,alt:C');
  const { generations } = node;
  const [route] = forgetRoutes(generations, node.log);
  const ask = async () =>
    route!.handle({ query: new URLSearchParams(), body: { runtime: 'alt' }, signal: new AbortController().signal });
  t.match(await ask(), { value: { pods: 1 } });
  await node.stop();
  await node.start('A,alt:C');
  t.strictSame(await node.pods(), [a]);
});

test('a file of an earlier version, which tells an id alone', async t => {
  const { node, a, b } = await stoppedNode(t);
  const state = readJournal(readFileSync(node.files(/B\.sock\.snapshot$/)[0]!))!.contents[0]!;
  for (const path of node.files(/B\.sock/)) rmSync(path);
  await writeState(join(node.stateDir, 'runtime-alt.snapshot'), state);
  node.engine('B').set('down');
  await node.start('A,kata:B');
  t.equal(await node.pods(), Code.Unavailable, 'it may be of the runtime that has another id now');
  await node.stop();
  await node.start('A,alt:B');
  t.ok(Array.isArray(await node.pods()), 'it is of the one with its id');
  await waitFor('it to be filed by its socket', () => node.files(/runtime-alt/).length === 0 || undefined);
  await node.kill();
  await node.start('A,kata:B');
  t.strictSame(await node.pods(), [a, `alt__${b}`].sort());
});

test('a restart between any two writes: a call that was answered is there', async t => {
  const node = new EngineNode(t);
  await node.start('A,alt:B');
  const made: string[] = [];
  for (let index = 0; index < 20; index++) {
    made.push((await node.call('RunPodSandbox', podConfig(`p${index}`, true)))['pod_sandbox_id']);
    // A file that is being written is on the disk right after the answer.
    await node.generations.flush();
    await node.kill();
    node.engine('B').set('down');
    await node.start('A,alt:B');
    t.strictSame(await node.pods(), [...made].sort(), `${index}`);
    node.engine('B').set(undefined);
    await waitFor('it to be up', () => node.engine('B').isUp || undefined);
  }
});

test('a torn end of both files is the state before it', async t => {
  const { node, a, b } = await stoppedNode(t);
  await node.start('A,alt:B');
  await node.generations.flush();
  await node.call('StopPodSandbox', { pod_sandbox_id: `alt__${b}` });
  await node.stop();
  for (const path of node.files(snapshots)) writeFileSync(path, readFileSync(path).subarray(0, -5));
  node.engine('B').set('down');
  await node.start('A,alt:B');
  t.strictSame(await node.pods(), [a, `alt__${b}`].sort());
});
