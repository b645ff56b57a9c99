import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { hasUnknownField, isWholeList, type ListName } from '../../../src/cri/read/filter.ts';
import { lenField } from '../../../src/wire/fields.ts';
import { criTypes } from '../../support/cri-types.ts';
import { methodFact } from '../../support/facts.ts';
import { fakeRuntime } from '../fakes.ts';
import { readAll, startLab } from '../lab.ts';

const types = criTypes('runtime.v1');
const DIGEST = `sha256:${'1'.repeat(64)}`;
const unknown = lenField(99, 'of a CRI to come');
const lists: readonly ListName[] = ['ListPodSandbox', 'ListContainers', 'ListImages'];
const streams = {
  ListPodSandbox: 'StreamPodSandboxes',
  ListContainers: 'StreamContainers',
  ListImages: 'StreamImages',
};
const item = { ListPodSandbox: 'items', ListContainers: 'containers', ListImages: 'images' };

/** Requests with an unknown field: in themselves, in their filter, or in their image spec. */
const requests = (list: ListName): Array<readonly [where: string, request: Buffer]> => [
  ['the request', unknown],
  ['its filter', lenField(1, unknown)],
  ['its filter, beside one that is known', Buffer.concat([lenField(1, ''), lenField(1, unknown)])],
  ...(list === 'ListImages' ? [["its filter's image spec", lenField(1, lenField(1, unknown))] as const] : []),
];

for (const list of lists) {
  for (const [where, request] of requests(list)) {
    test(`${list} with an unknown field in ${where} is the runtime's to filter, and no whole list`, async t => {
      t.equal(hasUnknownField(list, request), true);
      t.equal(isWholeList(list, request), false);
      const all = types.encode(methodFact(list).response, { [item[list]]: [{ id: DIGEST }] });
      let answer = all;
      const alt = fakeRuntime('alt', { answers: { [list]: () => answer } });
      const lab = startLab([fakeRuntime('', { answers: { [streams[list]]: [] } }), alt]);
      t.teardown(() => lab.stop());
      for (const each of lists) await lab.call(each);
      answer = Buffer.alloc(0);
      t.equal((await lab.send(list, request)).message.length, 0, 'live');
      t.equal(alt.askedFor(list).at(-1)!.request.toString('hex'), request.toString('hex'), 'as the client sent it');
      alt.goDown();
      t.equal((await lab.call(list))[item[list]].length, 1, 'the snapshot is what it was');
      const fault = await lab.fault(list, request);
      t.equal(fault.code, Code.Unavailable, 'it cannot be filtered');
      t.match(fault.message, /runtime alt does not answer, and .* a field that its snapshot cannot be filtered by/);
      await t.rejects(readAll(lab.stream(streams[list], request)), { code: Code.Unavailable });
    });
  }
}

test('fields that are known are no unknown ones', async t => {
  for (const [list, filter] of [
    ['ListPodSandbox', { id: 'a', state: {}, label_selector: { a: 'b' } }],
    ['ListContainers', { id: 'a', state: {}, pod_sandbox_id: 'p', label_selector: { a: 'b' } }],
    ['ListImages', { image: { image: 'a', annotations: { a: 'b' }, user_specified_image: 'b', runtime_handler: 'c' } }],
  ] as const) {
    t.equal(hasUnknownField(list, types.encode(methodFact(list).request, { filter })), false);
  }
});
