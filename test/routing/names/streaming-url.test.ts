import { test } from 'tap';
import { absoluteUrl } from '../../../src/routing/names/streaming-url.ts';
import { criTypes } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { fakeRuntime } from '../fakes.ts';
import { startLab } from '../lab.ts';
import { requestFor } from '../requests.ts';

const BASE = 'http://10.0.0.5:11250';

const rows: ReadonlyArray<readonly [given: string, url: string | undefined]> = [
  ['http://10.1.2.3:4000/exec/abc', 'http://10.1.2.3:4000/exec/abc'],
  ['https://10.1.2.3:4000/exec/abc', 'https://10.1.2.3:4000/exec/abc'],
  ['http://127.0.0.1:4000/exec/abc', 'http://127.0.0.1:4000/exec/abc'],
  ['http://node.example:4000/exec/abc?tty=1', 'http://node.example:4000/exec/abc?tty=1'],
  ['http://[2001:db8::1]:4000/exec/abc', 'http://[2001:db8::1]:4000/exec/abc'],
  // The URL of cri-dockerd (its issue 569).
  ['//10.1.2.3:4000/exec/abc', 'http://10.1.2.3:4000/exec/abc'],
  ['//[::]:4000/cri/exec/abc', 'http://10.0.0.5:4000/cri/exec/abc'],
  // The URL of dockershim up to Kubernetes 1.10.
  ['/exec/abc', 'http://10.0.0.5:11250/exec/abc'],
  ['/cri/exec/abc?x=%20', 'http://10.0.0.5:11250/cri/exec/abc?x=%20'],
  ['10.1.2.3:4000/exec/abc', 'http://10.1.2.3:4000/exec/abc'],
  ['node-1.example:4000/exec/abc', 'http://node-1.example:4000/exec/abc'],
  ['[::1]:4000/exec/abc', 'http://[::1]:4000/exec/abc'],
  ['[::]:4000/exec/abc', 'http://10.0.0.5:4000/exec/abc'],
  // Hosts that cannot be dialled.
  ['http://[::]:4000/exec/abc', 'http://10.0.0.5:4000/exec/abc'],
  ['http://0.0.0.0:4000/exec/abc', 'http://10.0.0.5:4000/exec/abc'],
  ['https://0.0.0.0:4000/exec/abc', 'https://10.0.0.5:4000/exec/abc'],
  ['http://:4000/exec/abc', 'http://10.0.0.5:4000/exec/abc'],
  ['//0.0.0.0:4000/exec/abc', 'http://10.0.0.5:4000/exec/abc'],
  ['//:4000/exec/abc', 'http://10.0.0.5:4000/exec/abc'],
  ['http://0.0.0.0/exec/abc', 'http://10.0.0.5/exec/abc'],
  // Useless URLs.
  ['', undefined],
  ['exec/abc', undefined],
  ['ws://10.1.2.3:4000/x', undefined],
  ['unix:///run/x.sock', undefined],
  ['http://', undefined],
  ['http:///exec/abc', undefined],
  ['///exec/abc', undefined],
  ['http://10.1.2.3:99999/x', undefined],
  ['http://bad host/x', undefined],
];

for (const [given, url] of rows) {
  test(`"${given}" becomes ${url ?? 'nothing'}`, async t => {
    t.equal(absoluteUrl(given, BASE), url);
  });
}

for (const method of ['Exec', 'Attach', 'PortForward']) {
  for (const id of ['', 'alt']) {
    test(`${method} of ${id || 'the primary'} gives a URL that can be dialled`, async t => {
      const answer = criTypes('runtime.v1').encode(methodFact(method).response, { url: '//0.0.0.0:4000/x' });
      const [primary, alt] = ['', 'alt'].map(each => fakeRuntime(each, { answers: { [method]: answer } }));
      const lab = startLab([primary!, alt!], { streamBase: BASE });
      t.teardown(() => lab.stop());
      t.strictSame(await lab.call(method, requestFor(method, id)), { url: 'http://10.0.0.5:4000/x' });
    });

    test(`${method} of ${id || 'the primary'} without a usable URL is Internal and says so`, async t => {
      const answer = criTypes('runtime.v1').encode(methodFact(method).response, { url: 'nowhere' });
      const [primary, alt] = ['', 'alt'].map(each => fakeRuntime(each, { answers: { [method]: answer } }));
      const lab = startLab([primary!, alt!]);
      t.teardown(() => lab.stop());
      const fault = await lab.fault(method, requestFor(method, id));
      t.equal(fault.code, 13);
      t.match(fault.message, '"nowhere"');
      t.match(fault.message, `criproxy: ${id === '' ? 'the primary runtime' : 'runtime alt'} answered`);
    });
  }
}
