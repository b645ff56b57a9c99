import { test } from 'tap';
import { linkedRuntime } from '../../../src/app/generation/linked-runtime.ts';
import { Code } from '../../../src/base/codes.ts';
import { ProxyError } from '../../../src/base/error.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { RuntimeState } from '../../../src/routing/port/runtime.ts';
import type { Dial, Session } from '../../../src/transport/session.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { waitFor } from '../../support/child.ts';
import { criTypes } from '../../support/cri-types.ts';

const version = criTypes('runtime.v1').encode('VersionResponse', { runtime_name: 'fake', runtime_version: '1.2.3' });

/** A peer that serves runtime.v1 and can be lost. */
function peer() {
  const lost = Promise.withResolvers<string>();
  const paths: string[] = [];
  const session: Session = {
    async call(path) {
      paths.push(path);
      if (path.startsWith('/runtime.v1.')) return { message: version, headers: [], trailers: [] };
      throw new ProxyError(Code.Unimplemented, 'unknown service');
    },
    stream: () => ({ headers: Promise.resolve([]), trailers: [], async *[Symbol.asyncIterator]() {} }),
    closed: lost.promise,
    endWhenIdle: () => {},
    isLeaving: false,
    isOver: false,
    close: () => lost.resolve('closed by us'),
  };
  return { session, paths, lose: lost.resolve };
}

function collect(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  return { lines, log: { enabled: () => true, info: (_level, message) => add(message), warn: add, error: add } };
}

function enoent(): Error {
  return Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' });
}

const path = '/run/fake.sock';

test('a runtime that is not there, comes up, is lost and comes back', async t => {
  const { log, lines } = collect();
  const [first, second] = [peer(), peer()];
  const dials: Array<() => Session> = [
    () => {
      throw enoent();
    },
    () => first.session,
    () => {
      throw enoent();
    },
    () => {
      throw enoent();
    },
    () => second.session,
  ];
  const dial: Dial = async given => {
    t.equal(given, path);
    return (dials.shift() ?? (() => new Promise(() => {}) as never))();
  };
  const runtime = linkedRuntime({ id: 'alt', path }, dial, new CallWatch(), log);
  t.teardown(() => runtime.stop());
  const states: RuntimeState[] = [];
  runtime.onChange(state => states.push(state));
  t.match(runtime.state, { kind: 'down', seen: false, reason: /not connected to .* yet/ });
  await t.rejects(
    runtime.call('/x', Buffer.alloc(0), { metadata: [], deadline: undefined, signal: new AbortController().signal }),
    {
      code: Code.Unavailable,
      message: /runtime alt/,
    },
  );

  runtime.start();
  await runtime.tried;
  t.match(runtime.state, { kind: 'down', seen: false, absent: true }, 'tried, and not there');
  await waitFor('the runtime to be up', () => runtime.state.kind === 'up' || undefined);
  t.match(runtime.state, { kind: 'up', packages: ['runtime.v1'] });

  first.lose('connection reset');
  const missed = states.length;
  await waitFor('the loss to show', () => states.length > missed || undefined);
  t.match(states[missed], { kind: 'down', seen: true, reason: /lost the connection.*connection reset/ });
  await waitFor('the runtime to be up again', () => states.at(-1)!.kind === 'up' || undefined);

  const said: readonly RegExp[] = [
    /^runtime alt is not seen yet: there is no socket at \/run\/fake\.sock .*-connect/,
    /^runtime alt is up at \/run\/fake\.sock: fake 1\.2\.3, serves runtime\.v1$/,
    /^runtime alt is down: lost the connection to \/run\/fake\.sock: connection reset/,
    /^runtime alt is still down: there is no socket at \/run\/fake\.sock/,
    /^runtime alt is up at \/run\/fake\.sock/,
  ];
  t.equal(lines.length, said.length, 'each change is said once');
  for (const [at, pattern] of said.entries()) t.match(lines[at], pattern);
});

test('a runtime has the packages of its last greeting', async t => {
  const { log } = collect();
  const first = peer();
  const runtime = linkedRuntime({ id: '', path }, async () => first.session, new CallWatch(), log);
  t.teardown(() => runtime.stop());
  runtime.start();
  await runtime.tried;
  t.strictSame(first.paths.map(each => each.slice(1, each.indexOf('.RuntimeService'))).sort(), [
    'runtime',
    'runtime.v1',
    'runtime.v1alpha2',
  ]);
  const { state } = runtime;
  t.equal(runtime.state, state, 'the same object until something changes: lanes are kept by it');
});

test('a listener that has been taken back hears nothing', async t => {
  const { log } = collect();
  const heard: string[] = [];
  const runtime = linkedRuntime({ id: '', path }, async () => peer().session, new CallWatch(), log);
  t.teardown(() => runtime.stop());
  const forget = runtime.onChange(state => heard.push(state.kind));
  forget();
  runtime.start();
  await runtime.tried;
  t.strictSame(heard, []);
});
