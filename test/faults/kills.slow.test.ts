import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import tap, { type Test, test } from 'tap';
import { endOf, spawnTied, waitFor } from '../support/child.ts';
import { connect } from '../support/cri-client.ts';
import { startProxy } from '../support/proxy.ts';
import { TEST_LIMIT } from '../support/require.ts';
import { type Random, seeded } from '../wire/seeded.ts';
import { itemsOf, podConfig } from './support/routed.ts';
import { RuntimeHost } from './support/runtime-host.ts';

tap.jobs = 2;
tap.setTimeout(TEST_LIMIT);

const KILLS = 250;
const writer = fileURLToPath(new URL('support/snapshot-writer.ts', import.meta.url));

function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-kills-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a writer and kills it at some moment of its first writes; resolves with its output. */
async function runAndKill(program: string, folder: string, random: Random): Promise<string[]> {
  const child = spawnTied(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const delay = random.below(25);
  child.stdout!.setEncoding('utf8').on('data', text => {
    const isFirst = !said.includes('begun') && text.includes('begun');
    said += text;
    if (isFirst) setTimeout(() => child.kill('SIGKILL'), delay);
  });
  await endOf(child);
  return said.trim().split('\n');
}

function lastOf(lines: readonly string[], word: string): number | undefined {
  const line = lines.findLast(each => each.startsWith(`${word} `));
  return line === undefined ? undefined : Number(line.slice(word.length + 1));
}

for (const seed of [1, 2]) {
  test(`${KILLS} times killed while it writes snapshots, seed ${seed}`, {
    buffered: true,
    timeout: TEST_LIMIT,
  }, async t => {
    const folder = newFolder(t);
    // One file without types starts in half the time.
    const program = join(newFolder(t), 'writer.mjs');
    buildSync({ entryPoints: [writer], outfile: program, bundle: true, platform: 'node', format: 'esm' });
    const random = seeded(seed);
    const problems: string[] = [];
    let [done, begun, duringWrite] = [0, 0, 0];
    for (let kill = 0; kill < KILLS; kill++) {
      const lines = await runAndKill(program, folder, random);
      const loaded = lastOf(lines, 'loaded');
      if (loaded === undefined || loaded < done || loaded > begun)
        problems.push(`kill ${kill}: ${lines[0]}; it had done ${done} and begun ${begun}`);
      problems.push(...lines.filter(line => line.startsWith('log ')));
      [done, begun] = [lastOf(lines, 'done') ?? loaded ?? 0, lastOf(lines, 'begun') ?? 0];
      if (begun > done) duringWrite++;
    }
    t.same(problems, [], 'the file is always the old or the new one');
    t.ok(duringWrite > KILLS / 10, `${duringWrite} were in the middle of a write`);
    t.same(
      readdirSync(folder).filter(name => name.includes('damaged')),
      [],
    );
  });
}

test('the proxy is killed 20 times under calls that change things, and loses nothing', {
  timeout: TEST_LIMIT,
}, async t => {
  const folder = newFolder(t);
  const random = seeded(3);
  const hosts = [await RuntimeHost.open(folder, 'primary', 3), await RuntimeHost.open(folder, 'alt', 3)] as const;
  t.teardown(() => Promise.all(hosts.map(host => host.kill())));
  const proxy = await startProxy({ connect: `${hosts[0].socketPath},alt:${hosts[1].socketPath}`, verbosity: 1 });
  t.teardown(() => proxy.remove());
  const lasting = [...hosts[0].pods, ...hosts[1].pods.map(id => `alt__${id}`)].sort();
  // After the first write there is always a state to load. The mark (@known) that a runtime was seen is there before its state.
  const state = join(dirname(proxy.socketPath), 'state');
  await waitFor(
    'the first writes',
    () => readdirSync(state).filter(name => /^[^@]*\.snapshot$/.test(name)).length === 2 || undefined,
  );
  let changes = 0;
  for (let kill = 0; kill < 20; kill++) {
    const client = connect(proxy.socketPath);
    const change = async (alt: boolean) => {
      const made = await client.ask('RunPodSandbox', podConfig(`p${changes}`, alt));
      if (made.response === undefined) return undefined;
      changes++;
      return client.ask('RemovePodSandbox', made.response);
    };
    // Both runtimes are up before the moment is chosen, however slow the machine is.
    for (const alt of [false, true]) await waitFor('a change', () => change(alt));
    const moment = sleep(random.below(100)).then(() => proxy.stop('SIGKILL'));
    while ((await change(changes % 2 === 1)) !== undefined);
    await moment;
    client.close();
    await proxy.start();
  }
  await proxy.stop('SIGKILL');
  await Promise.all(hosts.map(host => host.kill()));
  await proxy.start();
  const client = connect(proxy.socketPath);
  t.teardown(() => client.close());
  const listed = itemsOf(await client.call('ListPodSandbox')).map(item => item['id']);
  t.same(
    lasting.filter(id => !listed.includes(id)),
    [],
    'from the disk, with both runtimes gone',
  );
  t.comment(`${changes} pods came and went`);
  t.notMatch(proxy.log(), 'damaged');
  t.equal(proxy.log().match(/loaded the snapshot of (?:the primary runtime|runtime alt)/g)?.length, 42);
});
