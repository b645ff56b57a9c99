import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { spawnTied, waitFor } from '../support/child.ts';
import { needs } from '../support/require.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function startDemo(flags: readonly string[]) {
  const child = spawnTied(process.execPath, [main, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, FORCE_COLOR: undefined },
  });
  const demo = {
    output: '',
    /** Signals the demo and the processes that it has started, as a terminal does. */
    signalAll: (signal: NodeJS.Signals) => process.kill(-child.pid!, signal),
    ended: once(child, 'close').then(([code]) => code as number | null),
  };
  child.stdout!.setEncoding('utf8').on('data', text => {
    demo.output += text;
  });
  return demo;
}

/** The sockets of the demo's runtimes and of the proxy, from the lines of its output that name them. */
function socketsIn(output: string): string[] | undefined {
  const sockets = [...output.matchAll(/ {4}(?:PRIMARY|SECONDARY|SOCKET) (\/\S+)$/gm)].map(([, path]) => path!);
  return sockets.length === 3 ? sockets : undefined;
}

/** The demo's sockets that still exist, or the fault of its output. */
function leftOf(sockets: string[] | undefined): string[] {
  return sockets?.filter(path => existsSync(path)) ?? ['the demo did not tell its sockets'];
}

const kinds = [
  {
    title: 'real containerd',
    flags: [],
    options: needs('root', 'demo'),
    says: /hello from alt, at 10\.88\.\d+\.\d+\/24/,
  },
  { title: 'stand-ins', flags: ['--stand-ins'], options: {}, says: /stand-in-2 runs nothing/ },
];

for (const { title, flags, options, says } of kinds) {
  test(`the demo on ${title} shows a pod on each and leaves nothing`, options, async t => {
    const demo = startDemo(flags);
    t.equal(await demo.ended, 0, { output: demo.output });
    t.match(demo.output, /^[0-9a-f]{8} {7}pod-1 +hello +primary +…\/busybox:latest +running$/m);
    t.match(demo.output, /^alt__[0-9a-f]{8} {2}pod-2 +hello +alt +alt\/…\/busybox:latest +running$/m);
    t.match(demo.output, says, 'the log of the second');
    t.match(demo.output, /^exec on primary +\$ uname -s -m -> \S/m);
    const [, table] = demo.output.split('What the kubelet sees');
    t.same(
      table!.split('\n').filter(line => line.length > 80),
      [],
      'no line is wider than 80 columns',
    );
    t.same(leftOf(socketsIn(demo.output)), [], 'no socket is left');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`the demo on ${title} cleans up after ${signal}`, options, async t => {
      const demo = startDemo(flags);
      const sockets = await waitFor('the runtimes', () => socketsIn(demo.output));
      demo.signalAll(signal);
      t.equal(await demo.ended, 1, { output: demo.output });
      t.match(demo.output, `${signal}: cleaning up`);
      t.same(leftOf(sockets), [], 'no socket is left');
    });
  }
}
