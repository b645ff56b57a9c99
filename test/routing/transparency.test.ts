import { test } from 'tap';
import type { Method } from '../../src/base/call.ts';
import { ProxyError } from '../../src/base/error.ts';
import { methods } from '../support/facts.ts';
import { hex, len } from '../wire/bytes.ts';
import { fakeRuntime, Source } from './fakes.ts';
import { callOptions, readAll, startLab } from './lab.ts';
import { requestFor } from './requests.ts';

const joined = /^(?:List|ImageFsInfo|ImageStatus|RemoveImage|UpdateRuntimeConfig)/;
const ofOne = methods.filter(fact => !fact.serverStream && !joined.test(fact.method));

for (const { method } of ofOne) {
  test(`${method}: the caller's options reach the runtime as they are`, async t => {
    const primary = fakeRuntime('', { answers: { [method]: Buffer.alloc(0) } });
    const lab = startLab([primary]);
    t.teardown(() => lab.stop());
    const metadata = [['traceparent', '00-a-b-01']] as const;
    const left = new AbortController();
    const options = { metadata, deadline: performance.now() + 60_000, signal: left.signal };
    await lab.call(method, requestFor(method, '') ?? {}, options);
    const [asked] = primary.askedFor(method);
    t.equal(asked!.options.metadata, metadata);
    t.equal(asked!.options.deadline, options.deadline);
    t.notOk(asked!.options.signal.aborted);
    left.abort();
    t.ok(asked!.options.signal.aborted, 'the call to the runtime ends with its client');
  });

  test(`${method}: the runtime's error reaches the caller as it is`, async t => {
    const error = new ProxyError(9, 'half-way: 100 % of "käse"', {
      headers: [['x-h', '1']],
      trailers: [['grpc-status-details-bin', 'AQI=']],
    });
    const lab = startLab([fakeRuntime('', { answers: { [method]: error } })]);
    t.teardown(() => lab.stop());
    t.equal(await lab.fault(method, requestFor(method, '') ?? {}), error);
  });

  test(`${method}: the runtime's metadata reaches the caller as it is`, async t => {
    const reply = { message: len(1000, 'x'), headers: [['x-h', '1']], trailers: [['x-t', '2']] } as const;
    const lab = startLab([fakeRuntime('', { answers: { [method]: reply } })]);
    t.teardown(() => lab.stop());
    const request = requestFor(method, '');
    t.strictSame(await lab.send(method, request === undefined ? Buffer.alloc(0) : encode(method)), reply);
  });
}

function encode(method: string): Buffer {
  return method === 'RunPodSandbox' || method === 'RestorePod' ? Buffer.alloc(0) : len(1, idOf(method));
}

/** Calls for an image have its name one level deeper. */
function idOf(method: string): Buffer {
  return /Image/.test(method) ? len(1, 'web:1') : Buffer.from('owner');
}

const unknown = ['/runtime.v1.RuntimeService/Tomorrow', '/runtime.v2.RuntimeService/Version', '/some.Service/Method'];

for (const path of unknown) {
  for (const state of ['up', 'down'] as const) {
    test(`${path}, which has no row, is the primary's, message for message, ${state} at first`, async t => {
      const source = new Source();
      const primary = fakeRuntime('', { state, answers: { [path.slice(path.lastIndexOf('/') + 1)]: source } });
      const alt = fakeRuntime('alt');
      const lab = startLab([primary, alt], { primaryWait: 60_000 });
      t.teardown(() => lab.stop());
      const method = lab.service(path);
      t.equal(primary.asked.length, 0, 'asking for the method asks nobody');
      const options = callOptions();
      const reply = (method as Extract<Method, { kind: 'stream' }>).handle([hex('0102')], options);
      const answer = readAll({ [Symbol.asyncIterator]: () => reply[Symbol.asyncIterator]() });
      primary.comeUp();
      source.push(hex('01'), hex('ff'));
      source.end();
      t.strictSame(await answer, [hex('01'), hex('ff')]);
      const asked = primary.asked.filter(entry => entry.path === path);
      t.strictSame(
        asked.map(entry => [entry.request.toString('hex'), entry.options === options]),
        [['0102', true]],
      );
      t.equal(alt.asked.length, 0);
    });
  }
}
