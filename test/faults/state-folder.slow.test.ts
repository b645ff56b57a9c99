import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import tap, { type Test, test } from 'tap';
import { nameOfSocket } from '../../src/app/generation/snapshot-names.ts';
import { readJournal } from '../../src/store/journal.ts';
import { realSocket } from '../../src/transport/sockets/same-socket.ts';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import type { Message } from '../support/cri-types.ts';
import { scrape } from '../support/exposition.ts';
import { type ProxyProcess, startProxy } from '../support/proxy.ts';
import { needs, TEST_LIMIT } from '../support/require.ts';
import { startProxyInNamespace } from './support/proxy-in-namespace.ts';
import { itemsOf, podConfig } from './support/routed.ts';
import { RuntimeHost } from './support/runtime-host.ts';

tap.jobs = 3;
tap.setTimeout(TEST_LIMIT);

interface Place {
  readonly folder: string;
  readonly hosts: readonly [RuntimeHost, RuntimeHost];
  /** The value of -connect. */
  readonly connect: string;
}

/** A folder, and two runtimes with three pods each. */
async function newPlace(t: Test): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-state-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const hosts = await Promise.all([RuntimeHost.open(folder, 'primary', 3), RuntimeHost.open(folder, 'alt', 3)]);
  t.teardown(() => Promise.all(hosts.map(host => host.kill())));
  return { folder, hosts, connect: `${hosts[0].socketPath},alt:${hosts[1].socketPath}` };
}

/** Runs `use` with a client of a proxy, which ends with its test; the options are the same for each proxy of this file. */
async function withClient<P extends ProxyProcess>(
  t: Test,
  starting: Promise<P>,
): Promise<{ proxy: P; client: CriClient }> {
  const proxy = await starting;
  t.teardown(() => proxy.remove());
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  return { proxy, client };
}

const stateFolder = (proxy: ProxyProcess) => join(dirname(proxy.socketPath), 'state');
const fileNames = ({ hosts }: Place) =>
  hosts.map(({ socketPath }) => `${nameOfSocket(realSocket(socketPath))}.snapshot`) as [string, string];

/** Resolves when the snapshots are in the folder, with all pods and containers: the first write may come before the last list. */
async function written(folder: string, place: Place): Promise<void> {
  for (const [index, name] of fileNames(place).entries()) {
    const { pods, containers } = place.hosts[index]!;
    await waitFor(`${name}, whole`, () => {
      const path = join(folder, name);
      const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
      return [...pods, ...containers].every(id => content.includes(id)) || undefined;
    });
  }
}

async function listed(client: CriClient, list: string, filter?: Message): Promise<Message[]> {
  return itemsOf(await client.call(list, filter === undefined ? {} : { filter }, { deadline: 60_000 }));
}

const idsOf = (items: readonly Message[]) => items.map(item => item['id']).sort();
const ids = ({ hosts: [primary, alt] }: Place, what: 'pods' | 'containers') =>
  [...primary[what], ...alt[what].map(id => `alt__${id}`)].sort();

test('a full disk: the daemon goes on and says so once a runtime, and writes again when there is room', {
  buffered: true,
  ...needs('root'),
}, async t => {
  const place = await newPlace(t);
  const disk = join(place.folder, 'disk');
  mkdirSync(disk);
  const admin = join(place.folder, 'admin.sock');
  const options = { connect: place.connect, verbosity: 1, flags: ['-stateDir', disk, '-adminSocket', admin] };
  const mounts = `mount -t tmpfs -o size=128k tmpfs "${disk}" || exit`;
  const { proxy, client } = await withClient(t, startProxyInNamespace(mounts, options));
  const inside = proxy.pathInside(disk);
  await written(inside, place);

  fill(join(inside, 'filler'));
  const made: string[] = [];
  const complaintsNow = () => proxy.log().match(/cannot write the snapshot of .*/g) ?? [];
  // The rest of the last block of a file has room for some.
  while (complaintsNow().length < 2 && made.length < 400) {
    made.push(
      (await client.call('RunPodSandbox', podConfig(`full-${made.length}`, made.length % 2 === 1)))['pod_sandbox_id'],
    );
  }
  await waitFor('a complaint for each runtime', () => complaintsNow().length >= 2 || undefined);
  const failures = async () => (await scrape(admin)).sum('criproxy_snapshot_write_failures_total');
  for (const alt of [false, true]) {
    const before = await failures();
    made.push((await client.call('RunPodSandbox', podConfig(`full-${made.length}`, alt)))['pod_sandbox_id']);
    await waitFor('another write to fail', async () => (await failures()) > before || undefined);
  }
  t.same(idsOf(await listed(client, 'ListPodSandbox')), [...ids(place, 'pods'), ...made].sort(), 'it goes on');
  const complaints = complaintsNow();
  t.equal(complaints.length, 2, complaints.join('; '));
  t.match(complaints[0], 'ENOSPC');
  const old = readFileSync(join(inside, fileNames(place)[1]));
  t.notOk(old.includes(made.at(-1)!.slice('alt__'.length)), 'the last is not on the disk');
  t.match(readJournal(old)?.end, /whole|torn/, 'what was there can be read');
  t.same(
    readdirSync(inside).filter(name => name.endsWith('.new')),
    [],
    'no draft is left',
  );

  rmSync(join(inside, 'filler'));
  await waitFor('room', () => (proxy.log().match(/is written to the disk again/g)?.length === 2 ? true : undefined));
  t.match(
    String(readFileSync(join(inside, fileNames(place)[1]))),
    made[1]!.slice('alt__'.length),
    'the new one is there',
  );
});

/** Fills the file system, so that no block is free. */
function fill(path: string): void {
  for (let size = 128; size > 0; size--) {
    try {
      writeFileSync(path, Buffer.alloc(1024), { flag: 'a' });
    } catch {
      return;
    }
  }
  throw new Error('the disk is larger than it should be');
}

test('after a reboot: sandboxes NOTREADY and containers EXITED, from the disk, until the runtimes are up', {
  buffered: true,
  ...needs('root'),
}, async t => {
  const place = await newPlace(t);
  const bootId = join(place.folder, 'boot_id');
  writeFileSync(bootId, '11111111-1111-1111-1111-111111111111\n');
  const mounts = `mount --bind "${bootId}" /proc/sys/kernel/random/boot_id || exit`;
  const { proxy, client } = await withClient(
    t,
    startProxyInNamespace(mounts, { connect: place.connect, verbosity: 1 }),
  );
  await written(stateFolder(proxy), place);
  const statesOf = (items: Message[]) => [...new Set(items.map(item => item['state']))];
  const check = async (pod: string, container: string, when: string) => {
    const [pods, containers] = [await listed(client, 'ListPodSandbox'), await listed(client, 'ListContainers')];
    t.same([idsOf(pods), idsOf(containers)], [ids(place, 'pods'), ids(place, 'containers')], `${when}: all are there`);
    t.same([statesOf(pods), statesOf(containers)], [[pod], [container]], `${when}: in their states`);
    const running = await listed(client, 'ListContainers', { state: { state: 'CONTAINER_RUNNING' } });
    t.equal(running.length, container === 'CONTAINER_RUNNING' ? 6 : 0, `${when}: filtered by state`);
  };
  await proxy.stop();
  await Promise.all(place.hosts.map(host => host.kill()));
  await proxy.start();
  await check('SANDBOX_READY', 'CONTAINER_RUNNING', 'the same boot');

  await proxy.stop('SIGKILL');
  writeFileSync(bootId, '22222222-2222-2222-2222-222222222222\n');
  await proxy.start();
  await check('SANDBOX_NOTREADY', 'CONTAINER_EXITED', 'another boot');
  await waitFor(
    'the new boot id on the disk',
    async () => String(readFileSync(join(stateFolder(proxy), fileNames(place)[0]))).includes('2222-2222') || undefined,
  );
  await proxy.stop('SIGKILL');
  await proxy.start();
  await check('SANDBOX_NOTREADY', 'CONTAINER_EXITED', 'the proxy restarted in it');

  await Promise.all(place.hosts.map(host => host.start()));
  await waitFor('live lists', async () => {
    const [pods, containers] = [await listed(client, 'ListPodSandbox'), await listed(client, 'ListContainers')];
    return statesOf([...pods, ...containers]).length === 2 && statesOf(pods)[0] === 'SANDBOX_READY' ? true : undefined;
  });
  await check('SANDBOX_READY', 'CONTAINER_RUNNING', 'the runtimes up again');
});

const damages: ReadonlyArray<[what: string, damage: (bytes: Buffer) => Buffer]> = [
  ['cut short', bytes => bytes.subarray(0, bytes.length / 2)],
  ['empty', () => Buffer.alloc(0)],
  ['changed in one bit', bytes => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])])],
  ['of another program', () => Buffer.from('#!/bin/sh\nexit 0\n')],
  ['of a later version', bytes => Buffer.from(bytes.toString('latin1').replace('journal 1', 'journal 2'), 'latin1')],
];

test('files that cannot be used', { buffered: true }, async t => {
  const place = await newPlace(t);
  const { proxy, client } = await withClient(t, startProxy({ connect: place.connect, verbosity: 1 }));
  const path = join(stateFolder(proxy), fileNames(place)[1]);
  for (const [what, damage] of damages) {
    await t.test(`a file that is ${what} is set aside with a warning, and a new file is written`, async t => {
      await written(stateFolder(proxy), place);
      await proxy.stop();
      const bad = damage(readFileSync(path));
      writeFileSync(path, bad);
      const from = proxy.log().length;
      await proxy.start();
      const [, aside] =
        /\+alt\S*\.snapshot is damaged \(.*\); it is now (\S+), and/.exec(proxy.log().slice(from)) ?? [];
      t.ok(readFileSync(aside!).equals(bad), 'what it was can be looked at');
      rmSync(aside!);
      t.same(idsOf(await listed(client, 'ListPodSandbox')), ids(place, 'pods'), 'lists are whole');
      await written(stateFolder(proxy), place);
      t.ok(readFileSync(path).length > 0);
    });
  }

  await t.test('a folder in its place is named in a warning, and nothing else happens', async t => {
    await proxy.stop();
    rmSync(path);
    mkdirSync(path);
    const from = proxy.log().length;
    await proxy.start();
    t.match(proxy.log().slice(from), /cannot read .*\+alt\S*\.snapshot: EISDIR/);
    t.same(idsOf(await listed(client, 'ListPodSandbox')), ids(place, 'pods'));
    await waitFor(
      'the warning',
      () => proxy.log().slice(from).includes('cannot write the snapshot of runtime alt') || undefined,
    );
    t.ok(statSync(path).isDirectory());
  });
});

test("-stateDir '': nothing is written, and a secondary that is down after a restart is not known", {
  buffered: true,
}, async t => {
  const place = await newPlace(t);
  const options = { connect: place.connect, verbosity: 1, flags: ['-stateDir', ''] };
  const { proxy, client } = await withClient(t, startProxy(options));
  t.same(idsOf(await listed(client, 'ListPodSandbox')), ids(place, 'pods'));
  // Its end writes all that waits.
  await proxy.stop();
  t.notOk(existsSync(stateFolder(proxy)));
  await place.hosts[1].kill();
  await proxy.start();
  t.same(idsOf(await listed(client, 'ListPodSandbox')), [...place.hosts[0].pods].sort());
});

test('-maxSnapshotAge counts over a restart of the proxy', { buffered: true }, async t => {
  const place = await newPlace(t);
  const options = { connect: place.connect, verbosity: 1, flags: ['-maxSnapshotAge', '15s'] };
  const { proxy, client } = await withClient(t, startProxy(options));
  await written(stateFolder(proxy), place);
  await place.hosts[1].kill();
  await proxy.stop();
  await proxy.start();
  t.same(idsOf(await listed(client, 'ListPodSandbox')), ids(place, 'pods'), 'young enough');
  const fault = await waitFor('the age', async () => {
    const { code, details } = await client.ask('ListPodSandbox', {}, { deadline: 20_000 });
    return code === 0 ? undefined : { code, details };
  });
  t.equal(fault.code, 14);
  t.match(fault.details, /runtime alt does not answer, and its snapshot is \d+\.\d s old, more than -maxSnapshotAge/);
});

test('a secondary that is up for the first time after a pod of the primary has brought it', {
  buffered: true,
}, async t => {
  const place = await newPlace(t);
  await place.hosts[1].kill();
  rmSync(place.hosts[1].socketPath, { force: true });
  const { client } = await withClient(t, startProxy({ connect: place.connect, verbosity: 1 }));
  t.same(idsOf(await listed(client, 'ListPodSandbox')), [...place.hosts[0].pods].sort(), 'left out');
  const { pod_sandbox_id } = await client.call('RunPodSandbox', podConfig('brings-alt'));
  t.ok(idsOf(await listed(client, 'ListPodSandbox')).includes(pod_sandbox_id), 'the node goes on');
  await place.hosts[1].start();
  const all = [...ids(place, 'pods'), pod_sandbox_id].sort();
  t.same(
    await waitFor('all of them', async () => {
      const found = idsOf(await listed(client, 'ListPodSandbox'));
      return found.length === all.length ? found : undefined;
    }),
    all,
  );
});
