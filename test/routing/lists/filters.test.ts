import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { fakeRuntime } from '../fakes.ts';
import { readAll, startLab } from '../lab.ts';

const DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const types = criTypes('runtime.v1');

/** The runtimes that are asked for a filter, and the filter that the first of them gets. */
const rows: ReadonlyArray<readonly [what: string, method: string, filter: Message, asked: string[], own?: Message]> = [
  ['no filter', 'ListPodSandbox', {}, ['', 'alt', 'other'], {}],
  ['a pod of the primary', 'ListPodSandbox', { id: 'p1' }, [''], { id: 'p1' }],
  ['a pod of alt', 'ListPodSandbox', { id: 'alt__p1' }, ['alt'], { id: 'p1' }],
  ['a pod of an unknown runtime', 'ListPodSandbox', { id: 'what__p1' }, [''], { id: 'what__p1' }],
  [
    'a state',
    'ListPodSandbox',
    { state: { state: 1 } },
    ['', 'alt', 'other'],
    { state: { state: 'SANDBOX_NOTREADY' } },
  ],
  ['a label', 'ListPodSandbox', { label_selector: { a: 'b' } }, ['', 'alt', 'other'], { label_selector: { a: 'b' } }],
  ['a container of alt', 'ListContainers', { id: 'alt__c1' }, ['alt'], { id: 'c1' }],
  [
    'the containers of a pod of alt',
    'ListContainers',
    { pod_sandbox_id: 'alt__p1' },
    ['alt'],
    { pod_sandbox_id: 'p1' },
  ],
  [
    'a container and its pod, both of alt',
    'ListContainers',
    { id: 'alt__c1', pod_sandbox_id: 'alt__p1' },
    ['alt'],
    { id: 'c1', pod_sandbox_id: 'p1' },
  ],
  ['a container of alt in a pod of the primary', 'ListContainers', { id: 'alt__c1', pod_sandbox_id: 'p1' }, []],
  ['a container of alt in a pod of other', 'ListContainers', { id: 'alt__c1', pod_sandbox_id: 'other__p1' }, []],
  ['stats of a container of alt', 'ListContainerStats', { id: 'alt__c1' }, ['alt'], { id: 'c1' }],
  ['stats that contradict', 'ListContainerStats', { id: 'alt__c1', pod_sandbox_id: 'p1' }, []],
  ['stats of a pod of alt', 'ListPodSandboxStats', { id: 'alt__p1' }, ['alt'], { id: 'p1' }],
  [
    'an image by its bare name',
    'ListImages',
    { image: { image: 'web:1' } },
    ['', 'alt', 'other'],
    { image: { image: 'web:1' } },
  ],
  ['an image of alt', 'ListImages', { image: { image: 'alt/web:1' } }, ['alt'], { image: { image: 'web:1' } }],
  ['an image digest', 'ListImages', { image: { image: DIGEST } }, ['', 'alt', 'other'], { image: { image: DIGEST } }],
  ['a filter without an image', 'ListImages', { image: {} }, ['', 'alt', 'other'], { image: {} }],
  ['a stream: a pod of alt', 'StreamPodSandboxes', { id: 'alt__p1' }, ['alt'], { id: 'p1' }],
  ['a stream that contradicts', 'StreamContainers', { id: 'alt__c1', pod_sandbox_id: 'p1' }, []],
  [
    'a stream: an image of alt',
    'StreamImages',
    { image: { image: 'alt/web:1' } },
    ['alt'],
    { image: { image: 'web:1' } },
  ],
  ['a stream: stats of alt', 'StreamContainerStats', { pod_sandbox_id: 'alt__p1' }, ['alt'], { pod_sandbox_id: 'p1' }],
];

for (const [what, method, filter, expected, own] of rows) {
  test(`${method} with ${what} is asked of ${expected.map(id => id || 'the primary').join(', ') || 'nobody'}`, async t => {
    const streams = methodFact(method).serverStream;
    const runtimes = ['', 'alt', 'other'].map(id =>
      fakeRuntime(id, { answers: { [method]: streams ? [] : Buffer.alloc(0) } }),
    );
    const lab = startLab([runtimes[0]!, runtimes[1]!, runtimes[2]!]);
    t.teardown(() => lab.stop());
    const request = types.encode(methodFact(method).request, { filter });
    const bytes = streams
      ? Buffer.concat(await readAll(lab.stream(method, request)))
      : (await lab.send(method, request)).message;
    t.equal(bytes.length, 0, 'an empty list');
    const asked = runtimes.filter(runtime => runtime.askedFor(method).length > 0);
    t.strictSame(
      asked.map(runtime => runtime.id),
      expected,
    );
    const seen = asked.map(runtime => types.decode(methodFact(method).request, runtime.askedFor(method)[0]!.request));
    t.strictSame(
      seen.map(message => message['filter']),
      expected.map(() => own),
    );
  });
}

const targets: ReadonlyArray<readonly [annotation: string | undefined, runtime: string]> = [
  [undefined, ''],
  ['', ''],
  ['alt', 'alt'],
  ['other', 'other'],
];

for (const method of ['RunPodSandbox', 'RestorePod']) {
  for (const [annotation, runtime] of targets) {
    test(`${method} with target-runtime ${annotation ?? 'not given'} runs on ${runtime || 'the primary'}`, async t => {
      const { response } = methodFact(method);
      const answers = { [method]: types.encode(response, { pod_sandbox_id: 'p1' }) };
      const runtimes = ['', 'alt', 'other'].map(id => fakeRuntime(id, { answers }));
      const lab = startLab([runtimes[0]!, runtimes[1]!, runtimes[2]!]);
      t.teardown(() => lab.stop());
      const annotations = annotation === undefined ? {} : { 'kubernetes.io/target-runtime': annotation };
      const { pod_sandbox_id } = await lab.call(method, { config: { annotations } });
      t.equal(pod_sandbox_id, runtime === '' ? 'p1' : `${runtime}__p1`);
      const [asked] = runtimes.find(each => each.id === runtime)!.askedFor(method);
      const { config } = types.decode(methodFact(method).request, asked!.request);
      t.strictSame(config.annotations ?? {}, annotations, 'the annotation stays in');
    });
  }

  for (const unknown of ['nowhere', 'ALT', 'alt ', 'alt__']) {
    test(`${method} with target-runtime "${unknown}", which is not configured, is InvalidArgument`, async t => {
      const lab = startLab([fakeRuntime(''), fakeRuntime('alt'), fakeRuntime('other')]);
      t.teardown(() => lab.stop());
      const annotations = { 'kubernetes.io/target-runtime': unknown };
      const fault = await lab.fault(method, { config: { annotations } });
      t.equal(fault.code, Code.InvalidArgument);
      for (const text of [`"${unknown}"`, 'kubernetes.io/target-runtime', 'alt, other']) {
        t.ok(fault.message.includes(text), `${text} in: ${fault.message}`);
      }
    });
  }
}

test('without a second runtime an unknown target-runtime says so', async t => {
  const lab = startLab([fakeRuntime('')]);
  t.teardown(() => lab.stop());
  const fault = await lab.fault('RunPodSandbox', {
    config: { annotations: { 'kubernetes.io/target-runtime': 'alt' } },
  });
  t.equal(fault.code, Code.InvalidArgument);
  t.match(fault.message, 'only the primary runtime is configured');
});
