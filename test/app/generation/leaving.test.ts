import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { linkedRuntime } from '../../../src/app/generation/linked-runtime.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { makeDial } from '../../../src/transport/grpc/client/client.ts';
import { CallWatch } from '../../../src/watch/call-watch.ts';
import { keepingLogger } from '../../faults/support/routed.ts';
import { callOptions } from '../../routing/lab.ts';
import { waitFor } from '../../support/child.ts';
import { startPodRuntime } from '../operate/reload-daemon.ts';

const PULL = '/runtime.v1.ImageService/PullImage';

test('a runtime that has left is connected for as long as a call is on it, and no longer', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-leaving-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const peer = await startPodRuntime(t, dir, 'alt');
  const finish = Promise.withResolvers<Buffer>();
  peer.answers['PullImage'] = () => finish.promise;
  peer.answers['GetContainerEvents'] = 'hang';
  const dial = makeDial({ userAgent: 'test' });
  const runtime = linkedRuntime({ id: 'alt', path: peer.socketPath }, dial, new CallWatch(), keepingLogger());
  t.teardown(() => runtime.stop());
  runtime.start();
  await runtime.tried;
  const pulls = [1, 2].map(() => runtime.call(PULL, Buffer.alloc(0), callOptions()));
  const gone = new AbortController();
  const events = runtime.stream(
    '/runtime.v1.RuntimeService/GetContainerEvents',
    [Buffer.alloc(0)],
    callOptions({ signal: gone.signal }),
  );
  const ended = events[Symbol.asyncIterator]()
    .next()
    .catch((fault: unknown) => ProxyError.from(fault).code);
  await waitFor('the calls to arrive', () => peer.asked('PullImage').length === 2 || undefined);

  let hasLeft = false;
  const left = runtime.leave(Promise.resolve()).then(() => {
    hasLeft = true;
  });
  t.ok(
    await runtime.call('/runtime.v1.RuntimeService/Version', Buffer.alloc(0), callOptions()),
    'it takes calls of those who know it',
  );
  finish.resolve(Buffer.alloc(0));
  t.strictSame(
    (await Promise.all(pulls)).map(({ message }) => message.length),
    [0, 0],
  );
  t.notOk(hasLeft, 'a stream is on it');
  gone.abort();
  await ended;
  await left;
  await t.rejects(runtime.call(PULL, Buffer.alloc(0), callOptions()), { code: 14 });
});

test('a runtime that is down when it leaves has left at once', async t => {
  const dial = makeDial({ userAgent: 'test' });
  const runtime = linkedRuntime({ id: 'alt', path: '/run/there-is-none.sock' }, dial, new CallWatch(), keepingLogger());
  runtime.start();
  await runtime.tried;
  await runtime.leave(Promise.resolve());
  t.equal(runtime.state.kind, 'down');
});
