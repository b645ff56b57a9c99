import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tap, { type Test, test } from 'tap';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import { type ProxyProcess, startProxy } from '../support/proxy.ts';
import { TEST_LIMIT } from '../support/require.ts';
import { ListWatch, LONGEST } from './support/list-watch.ts';
import { containerConfig } from './support/routed.ts';
import { RuntimeHost } from './support/runtime-host.ts';

// Three proxies at a time, each with two runtimes, wait most of the time.
tap.jobs = 3;
tap.setTimeout(TEST_LIMIT);

/** Of a list, in s: long enough for a busy machine to have the answer of a runtime that is well. */
const BUDGET = 3;

interface Row {
  readonly fault: string;
  begin(host: RuntimeHost, lab: Lab): unknown;
  /** Over how many lists it lasts; 0: it ends at once. */
  readonly lists: number;
  end(host: RuntimeHost): unknown;
}

const PATIENT = { timeout: 60_000 };

const heal = (host: RuntimeHost) => host.set('ok');

const rows: readonly Row[] = [
  { fault: 'killed by SIGKILL', begin: host => host.kill('SIGKILL'), lists: 16, end: host => host.start() },
  { fault: 'SIGSTOP', begin: host => host.signal('SIGSTOP'), lists: 20, end: host => host.signal('SIGCONT') },
  { fault: 'restarted', begin: host => host.kill('SIGTERM'), lists: 0, end: host => host.start() },
  // Longer than a call takes: its late answer comes during the fault.
  { fault: 'slow, 10 s a call', begin: host => host.set('slow'), lists: 220, end: heal },
  { fault: 'an error on every call', begin: host => host.set('error'), lists: 20, end: heal },
  { fault: 'garbage on the socket', begin: host => host.set('garbage'), lists: 20, end: heal },
  { fault: 'messages that are no lists', begin: host => host.set('junk'), lists: 20, end: heal },
  { fault: 'half a message, then closed', begin: host => host.set('half'), lists: 20, end: heal },
  { fault: 'accepts and says nothing', begin: host => host.set('silent'), lists: 20, end: heal },
  {
    fault: 'killed, its socket file removed',
    begin: async (host, { watch }) => {
      await rm(host.socketPath);
      await watch.more(6);
      await host.kill();
    },
    lists: 16,
    end: host => host.start(),
  },
  { fault: 'answers of 64 MiB', begin: host => host.set('huge'), lists: 20, end: heal },
];

class Lab {
  readonly hosts: readonly [RuntimeHost, RuntimeHost];
  readonly proxy: ProxyProcess;
  readonly client: CriClient;
  readonly watch: ListWatch;
  private readonly folder: string;
  private readonly containers: [string, string];

  private constructor(folder: string, hosts: readonly [RuntimeHost, RuntimeHost], proxy: ProxyProcess) {
    this.folder = folder;
    this.hosts = hosts;
    this.proxy = proxy;
    this.client = connect(proxy.socketPath);
    const [primary, alt] = hosts;
    const pods = [...primary.pods, ...alt.pods.map(id => `alt__${id}`)];
    const containers = [...primary.containers, ...alt.containers.map(id => `alt__${id}`)];
    this.watch = new ListWatch(this.client, { pods, containers });
    this.containers = [primary.containers[0]!, `alt__${alt.containers[0]}`];
  }

  static async open(): Promise<Lab> {
    const folder = mkdtempSync(join(tmpdir(), 'criproxy-faults-'));
    const hosts = await Promise.all([RuntimeHost.open(folder, 'primary', 5), RuntimeHost.open(folder, 'alt', 5)]);
    const proxy = await startProxy({
      connect: `${hosts[0].socketPath},alt:${hosts[1].socketPath}`,
      verbosity: 1,
      flags: ['-listTimeout', `${BUDGET}s`],
    });
    await allListed(proxy, hosts);
    return new Lab(folder, hosts, proxy);
  }

  /** Replaces a container of each runtime; these are the last calls before the fault. */
  async change(): Promise<void> {
    const pods = [this.hosts[0].pods[0]!, `alt__${this.hosts[1].pods[0]}`];
    for (const [index, pod] of pods.entries()) {
      const old = this.containers[index]!;
      this.watch.leave('ListContainers', old);
      await this.client.call('RemoveContainer', { container_id: old }, { deadline: 60_000 });
      this.watch.bury('ListContainers', old);
      const { container_id } = await this.client.call('CreateContainer', containerConfig(pod, 'next'), {
        deadline: 60_000,
      });
      this.watch.add('ListContainers', container_id);
      this.containers[index as 0 | 1] = container_id;
    }
  }

  /** The reports of the log since `from`: lists from a snapshot, and lists that are live again. */
  said(from: number): { stale: string[]; live: string[] } {
    const log = this.proxy.log().slice(from);
    const find = (what: RegExp) => [...log.matchAll(what)].map(match => match[1]!).sort();
    return {
      stale: find(/(List\w+ of [\w ]+?) comes from its snapshot of \d+\.\d s ago: \S/g),
      live: find(/(List\w+ of [\w ]+?) is live again/g),
    };
  }

  async close(): Promise<void> {
    await this.watch.stop();
    this.client.close();
    await this.proxy.remove();
    for (const host of this.hosts) await host.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Resolves when the proxy has each list of both runtimes: a runtime that was never up is left out of lists. */
async function allListed(proxy: ProxyProcess, hosts: readonly RuntimeHost[]): Promise<void> {
  const client = connect(proxy.socketPath);
  const count = async (method: string, field: string) =>
    client.call(method, {}, { deadline: 60_000 }).then(
      answer => answer[field].length as number,
      () => 0,
    );
  const [pods, containers] = [hosts.flatMap(each => each.pods).length, hosts.flatMap(each => each.containers).length];
  await waitFor('the lists of both runtimes', async () => {
    const found = [await count('ListPodSandbox', 'items'), await count('ListContainers', 'containers')];
    return (found[0] === pods && found[1] === containers) || undefined;
  });
  client.close();
}

async function playRow(t: Test, lab: Lab, { begin, lists, end }: Row, faulty: readonly RuntimeHost[]): Promise<void> {
  const { watch } = lab;
  await lab.change();
  const from = lab.proxy.log().length;
  const names = faulty.map(host => (host === lab.hosts[0] ? 'the primary runtime' : 'runtime alt'));
  const expected = names.flatMap(name => ['ListContainers', 'ListPodSandbox'].map(list => `${list} of ${name}`)).sort();
  const said = (which: 'stale' | 'live') =>
    waitFor(`${which} lists`, () => lab.said(from)[which].length >= expected.length || undefined, PATIENT);
  await Promise.all(faulty.map(host => begin(host, lab)));
  if (lists > 0) await Promise.all([said('stale'), watch.more(lists)]);
  await Promise.all(faulty.map(end));
  await said('live');
  await watch.more(4);
  t.same(watch.take(), [], 'every answer is whole');
  t.ok(watch.slowest < LONGEST, `the slowest took ${Math.round(watch.slowest)} ms`);
  watch.slowest = 0;
  t.same(
    lab.said(from),
    { stale: expected, live: expected },
    'the log says it once for each list, and once that it is over',
  );
}

for (const which of ['the primary', 'the secondary', 'both'] as const) {
  test(`faults of ${which}, while a client lists every 100 ms`, { buffered: true, timeout: TEST_LIMIT }, async t => {
    const lab = await Lab.open();
    t.teardown(() => lab.close());
    const faulty = lab.hosts.filter(
      (_, index) => which === 'both' || ['the primary', 'the secondary'][index] === which,
    );
    await lab.watch.more(10);
    t.same(lab.watch.take(), []);
    for (const row of rows) await t.test(`${which}: ${row.fault}`, inner => playRow(inner, lab, row, faulty));
  });
}
