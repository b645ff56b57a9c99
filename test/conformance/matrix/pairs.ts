import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { type CriClient, connect } from '../../support/cri-client.ts';
import { type Package, packages } from '../../support/facts.ts';
import { type AnswerTable, type FakeRuntime, type JournalEntry, startFakeRuntime } from '../../support/fake-runtime.ts';
import { type ProxyProcess, startProxy } from '../../support/proxy.ts';

/** A client of one package, and two runtimes of one package behind the proxy. */
export interface Pair {
  readonly client: CriClient;
  readonly clientPackage: Package;
  readonly runtimePackage: Package;
  readonly primary: FakeRuntime;
  /** The secondary, with the id `alt`. */
  readonly alt: FakeRuntime;
  readonly proxy: ProxyProcess;
  /** The runtime of this id. */
  of(id: '' | 'alt'): FakeRuntime;
}

export const targets = ['', 'alt'] as const;

/** A time in which anything that must happen has happened, on a slow machine too. */
export const PATIENCE = { deadline: 30_000 };

const emptyLists = (): AnswerTable => ({
  ListPodSandbox: Buffer.alloc(0),
  ListContainers: Buffer.alloc(0),
  ListImages: Buffer.alloc(0),
});

/**
 * Runs a scenario for each pair of client package and runtime package, or those that `only` picks, through a proxy process
 * on real sockets. The runtimes and the proxy are the same for all clients; their journals and answers are new for each.
 */
export function testPairs(
  what: string,
  scenario: (t: Test, pair: Pair) => Promise<void>,
  {
    verbosity = 2,
    flags = [],
    only = () => true,
  }: { verbosity?: number; flags?: readonly string[]; only?: (client: Package, runtime: Package) => boolean } = {},
): void {
  for (const runtimePackage of packages) {
    const clientPackages = packages.filter(clientPackage => only(clientPackage, runtimePackage));
    if (clientPackages.length === 0) continue;
    test(`${what}: runtimes of ${runtimePackage}`, async t => {
      const dir = mkdtempSync(join(tmpdir(), 'criproxy-matrix-'));
      t.teardown(() => rmSync(dir, { recursive: true, force: true }));
      const start = (name: string) =>
        startFakeRuntime({ socketPath: join(dir, `${name}.sock`), packages: [runtimePackage], answers: emptyLists() });
      const [primary, alt] = [await start('primary'), await start('alt')];
      t.teardown(() => Promise.all([primary.stop(), alt.stop()]));
      const proxy = await startProxy({ connect: `${primary.socketPath},alt:${alt.socketPath}`, verbosity, flags });
      t.teardown(() => proxy.remove());
      for (const clientPackage of clientPackages) {
        const client = connect(proxy.socketPath, clientPackage);
        for (const runtime of [primary, alt]) {
          for (const method of Object.keys(runtime.answers)) delete runtime.answers[method];
          Object.assign(runtime.answers, emptyLists());
          runtime.journal.length = 0;
        }
        const of = (id: '' | 'alt') => (id === '' ? primary : alt);
        const pair: Pair = { client, clientPackage, runtimePackage, primary, alt, proxy, of };
        await t.test(`client of ${clientPackage}`, inner => scenario(inner, pair).finally(() => client.close()));
      }
    });
  }
}

let calls = 0;

/** Metadata that marks a call; `find` finds it in a runtime's journal among the calls of the proxy itself. */
export function mark(): { metadata: Record<string, string>; find(runtime: FakeRuntime): JournalEntry[] } {
  const id = String(++calls);
  return {
    metadata: { 'x-call': id },
    find: runtime => runtime.journal.filter(entry => entry.metadata.get('x-call')[0] === id),
  };
}
