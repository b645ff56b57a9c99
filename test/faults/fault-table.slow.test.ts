import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tap, { type Test, test } from 'tap';
import { waitFor } from '../support/child.ts';
import { type CriClient, connect } from '../support/cri-client.ts';
import { type ProxyProcess, startProxy } from '../support/proxy.ts';
import { TEST_LIMIT } from '../support/require.ts';
import { ListWatch } from './support/list-watch.ts';
import { containerConfig } from './support/routed.ts';
import { RuntimeHost } from './support/runtime-host.ts';

// Three proxies at a time, each with two runtimes, wait most of the time.
tap.jobs = 3;
tap.setTimeout(TEST_LIMIT);

/** The longest time of a list: its budget, 1 s, and the delay of a busy machine; without a budget the faults below take 4 s and more. */
const LONGEST = 3_000;

interface Row {
  readonly fault: string;
  begin(host: RuntimeHost): unknown;
  /** The fault's duration, in ms. */
  readonly lasts: number;
  end(host: RuntimeHost): unknown;
}

const heal = (host: RuntimeHost) => host.set('ok');

const rows: readonly Row[] = [
  { fault: 'killed by SIGKILL', begin: host => host.kill('SIGKILL'), lasts: 800, end: host => host.start() },
  { fault: 'SIGSTOP', begin: host => host.signal('SIGSTOP'), lasts: 2_500, end: host => host.signal('SIGCONT') },
  { fault: 'restarted', begin: host => host.kill('SIGTERM'), lasts: 0, end: host => host.start() },
  { fault: 'slow, 5 s a call', begin: host => host.set('slow'), lasts: 6_000, end: heal },
  { fault: 'an error on every call', begin: host => host.set('error'), lasts: 1_200, end: heal },
  { fault: 'garbage on the socket', begin: host => host.set('garbage'), lasts: 1_200, end: heal },
  { fault: 'messages that are no lists', begin: host => host.set('junk'), lasts: 1_200, end: heal },
  { fault: 'half a message, then closed', begin: host => host.set('half'), lasts: 1_200, end: heal },
  { fault: 'accepts and says nothing', begin: host => host.set('silent'), lasts: 1_200, end: heal },
  {
    fault: 'killed, its socket file removed',
    begin: async host => {
      await rm(host.socketPath);
      await sleep(300);
      await host.kill();
    },
    lasts: 800,
    end: host => host.start(),
  },
  { fault: 'answers of 64 MiB', begin: host => host.set('huge'), lasts: 1_500, end: heal },
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
    });
    return new Lab(folder, hosts, proxy);
  }

  /** Replaces a container of each runtime; these are the last calls before the fault. */
  async change(): Promise<void> {
    const pods = [this.hosts[0].pods[0]!, `alt__${this.hosts[1].pods[0]}`];
    for (const [index, pod] of pods.entries()) {
      const old = this.containers[index]!;
      this.watch.leave('ListContainers', old);
      await this.client.call('RemoveContainer', { container_id: old }, { deadline: 10_000 });
      this.watch.bury('ListContainers', old);
      const { container_id } = await this.client.call('CreateContainer', containerConfig(pod, 'next'), {
        deadline: 10_000,
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

async function playRow(t: Test, lab: Lab, { begin, lasts, end }: Row, faulty: readonly RuntimeHost[]): Promise<void> {
  const { watch } = lab;
  await lab.change();
  const from = lab.proxy.log().length;
  const before = watch.answers;
  await Promise.all(faulty.map(begin));
  await sleep(lasts);
  await Promise.all(faulty.map(end));
  const lines = await waitFor('live lists', () => {
    const { stale, live } = lab.said(from);
    return (stale.length >= 2 * faulty.length && stale.length === live.length) || undefined;
  }).then(() => lab.said(from));
  await sleep(200);
  t.same(watch.take(), [], 'every answer is whole');
  t.ok(watch.answers - before >= 10, `${watch.answers - before} answers`);
  t.ok(watch.slowest < LONGEST, `the slowest took ${Math.round(watch.slowest)} ms`);
  watch.slowest = 0;
  const names = faulty.map(host => (host === lab.hosts[0] ? 'the primary runtime' : 'runtime alt'));
  const expected = names.flatMap(name => ['ListContainers', 'ListPodSandbox'].map(list => `${list} of ${name}`)).sort();
  t.same(lines, { stale: expected, live: expected }, 'the log says it once for each list, and once that it is over');
}

for (const which of ['the primary', 'the secondary', 'both'] as const) {
  test(`faults of ${which}, while a client lists every 100 ms`, { buffered: true, timeout: TEST_LIMIT }, async t => {
    const lab = await Lab.open();
    t.teardown(() => lab.close());
    const faulty = lab.hosts.filter(
      (_, index) => which === 'both' || ['the primary', 'the secondary'][index] === which,
    );
    await sleep(500);
    t.same(lab.watch.take(), []);
    for (const row of rows) await t.test(`${which}: ${row.fault}`, inner => playRow(inner, lab, row, faulty));
  });
}
