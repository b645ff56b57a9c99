import { test } from 'tap';
import { criTypes } from '../support/cri-types.ts';
import { methods } from '../support/facts.ts';
import { type FakeRuntime, fakeRuntime } from './fakes.ts';
import { readAll, startLab } from './lab.ts';
import { requestFor } from './requests.ts';

const toPrimary = ['Version', 'RuntimeConfig'];
const toAll = [
  'Status',
  'UpdateRuntimeConfig',
  'ImageFsInfo',
  'ListMetricDescriptors',
  'ListPodSandboxMetrics',
  'StreamPodSandboxMetrics',
  'GetContainerEvents',
];

/** A bare name may belong to an image of any runtime. */
const byImageName = ['ListImages', 'StreamImages', 'ImageStatus', 'RemoveImage'];

/** Answers for any method; a streaming method has none of a unary one, and the reverse. */
function answers(method: string) {
  const images = criTypes('runtime.v1').encode('ListImagesResponse', { images: [{ id: 'owner' }] });
  return {
    // An image is removed from the runtimes that list it.
    ...(method === 'RemoveImage' && { ListImages: images }),
    [method]: methods.find(row => row.method === method)!.serverStream ? [] : Buffer.alloc(0),
  };
}

function askedIds(method: string, runtimes: readonly FakeRuntime[]): string[] {
  return runtimes.filter(runtime => runtime.askedFor(method).length > 0).map(runtime => runtime.id);
}

for (const { method, service, serverStream } of methods) {
  const whoever = requestFor(method, '') === undefined;
  for (const target of whoever ? ['any'] : ['', 'alt', 'other']) {
    const isForAll = whoever || (target === '' && byImageName.includes(method));
    const expected = toPrimary.includes(method) ? [''] : isForAll ? ['', 'alt', 'other'] : [target];
    test(`${method} for ${target || 'the primary'} is asked of ${expected.map(id => id || 'the primary')}`, async t => {
      const runtimes = ['', 'alt', 'other'].map(id => fakeRuntime(id, { answers: answers(method) }));
      const lab = startLab(runtimes as [FakeRuntime, ...FakeRuntime[]]);
      t.teardown(() => lab.stop());
      const request = requestFor(method, target) ?? {};
      const cancel = new AbortController();
      if (!serverStream) await lab.call(method, request);
      else {
        setImmediate(() => method === 'GetContainerEvents' && cancel.abort());
        await readAll(lab.stream(method, request, { signal: cancel.signal })).catch(() => []);
      }
      t.strictSame(askedIds(method, runtimes), expected);
      for (const { path } of runtimes.flatMap(runtime => runtime.askedFor(method))) {
        t.equal(path, `/runtime.v1.${service}/${method}`);
      }
      // A runtime without RuntimeConfig gets a second, verbose Status, which tells the cgroup driver.
      const most = method === 'Status' ? 2 : 1;
      for (const runtime of runtimes)
        t.ok(runtime.askedFor(method).length <= most, `${runtime.id}: asked ${most} times at most`);
    });
  }
}

test('the methods for all or for the primary are the ones that name nothing', async t => {
  const nameless = methods.map(fact => fact.method).filter(method => requestFor(method, '') === undefined);
  t.strictSame(nameless.sort(), [...toPrimary, ...toAll].sort());
});
