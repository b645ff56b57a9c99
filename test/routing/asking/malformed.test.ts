import { test } from 'tap';
import { Code } from '../../../src/base/codes.ts';
import { rewriter } from '../../../src/cri/translate/rewrite.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { methodFact, methods } from '../../support/facts.ts';
import { hex, len } from '../../wire/bytes.ts';
import { fakeRuntime } from '../fakes.ts';
import { readAll, startLab } from '../lab.ts';
import { requestFor } from '../requests.ts';

const unary = methods.filter(fact => !fact.serverStream);
const inserting = { pod: noEdit, container: noEdit, image: noEdit, url: noEdit, podAnnotation: noEdit } as const;

function noEdit(): void {}

/** Whether the proxy has any reason to read messages of this name: messages without names are handed on unread. */
function isRead(message: string): boolean {
  try {
    rewriter(message, inserting)(hex('ff'));
    return false;
  } catch {
    return true;
  }
}

const faults: ReadonlyArray<readonly [what: string, bytes: Buffer]> = [
  ['random bytes', hex('ff ff ff')],
  ['a truncated record', hex('0a 05 61')],
  ['field number 0', hex('00 00')],
];

for (const { method, request } of unary.filter(fact => isRead(fact.request))) {
  for (const [what, bytes] of faults) {
    test(`${method}: a request of ${what} is InvalidArgument`, async t => {
      const runtimes = ['', 'alt'].map(id => fakeRuntime(id, { answers: { [method]: Buffer.alloc(0) } }));
      const lab = startLab([runtimes[0]!, runtimes[1]!]);
      t.teardown(() => lab.stop());
      const fault = await lab.fault(method, bytes);
      t.equal(fault.code, Code.InvalidArgument);
      t.match(fault.message, new RegExp(`malformed ${request}: .* at byte \\d+`));
      t.strictSame(
        runtimes.flatMap(runtime => runtime.askedFor(method)),
        [],
        'nobody is asked',
      );
    });
  }
}

test('a malformed streaming request is InvalidArgument', async t => {
  for (const { method } of methods.filter(fact => fact.serverStream && isRead(fact.request))) {
    const lab = startLab([fakeRuntime('', { answers: { [method]: [] } })]);
    t.teardown(() => lab.stop());
    await t.rejects(readAll(lab.stream(method, hex('0a 05 61'))), { code: Code.InvalidArgument }, method);
  }
});

const routed = unary.filter(fact => isRead(fact.response) && requestFor(fact.method, 'alt') !== undefined);
const lists = ['ListPodSandbox', 'ListContainers', 'ListImages'];

for (const { method, response } of routed.filter(fact => !lists.includes(fact.method))) {
  test(`${method}: an answer of alt that is no ${response} is Internal, and alt is named`, async t => {
    const alt = fakeRuntime('alt', { answers: { [method]: hex('0a 05 61') } });
    const lab = startLab([fakeRuntime(''), alt]);
    t.teardown(() => lab.stop());
    const fault = await lab.fault(method, requestFor(method, 'alt'));
    t.equal(fault.code, Code.Internal);
    t.match(fault.message, new RegExp(`runtime alt sent a malformed ${response}: .* at byte \\d+`));
  });
}

for (const method of ['RunPodSandbox', 'CreateContainer', 'StopContainer']) {
  test(`${method}: a malformed answer of the primary is Internal, and it is named`, async t => {
    const lab = startLab([fakeRuntime('', { answers: { [method]: hex('0a 05 61') } })]);
    t.teardown(() => lab.stop());
    const fault = await lab.fault(method, requestFor(method, ''));
    t.equal(fault.code, Code.Internal);
    t.match(fault.message, `primary runtime sent a malformed ${methodFact(method).response}`);
  });
}

const badLists: ReadonlyArray<readonly [what: string, bytes: Buffer]> = [
  ['random bytes', hex('ff ff ff')],
  ['a truncated item', hex('0a 05 61')],
  ['an item that is no message', len(1, hex('ff'))],
  ['an item without an id', len(1, len(2, 'x'))],
];

for (const method of lists) {
  for (const id of ['', 'alt']) {
    for (const [what, bytes] of badLists) {
      test(`${method}: ${what} from ${id || 'the primary'} never reaches the client`, async t => {
        const [primary, alt] = ['', 'alt'].map(each =>
          fakeRuntime(each, { answers: { [method]: each === id ? bytes : Buffer.alloc(0) } }),
        );
        const lab = startLab([primary!, alt!]);
        t.teardown(() => lab.stop());
        const fault = await lab.fault(method);
        t.equal(fault.code, Code.Unavailable);
        t.match(
          fault.message,
          id === '' ? 'primary runtime sent a malformed list' : 'runtime alt sent a malformed list',
        );
      });
    }
  }
}

for (const ids of ['prefixed', 'raw'] as const) {
  test(`malformed samples are not joined, and earlier samples are kept, with ids ${ids}`, async t => {
    const statsOf = (id: string) =>
      criTypes('runtime.v1').encode('ListContainerStatsResponse', { stats: [{ attributes: { id } }] });
    const alt = fakeRuntime('alt', { answers: { ListContainerStats: statsOf('x') } });
    const lab = startLab([fakeRuntime('', { answers: { ListContainerStats: statsOf('p') } }), alt], { ids });
    t.teardown(() => lab.stop());
    const list = async () =>
      (await lab.call('ListContainerStats'))['stats'].map((item: Message) => item['attributes'].id);
    const all = ['p', ids === 'raw' ? 'x' : 'alt__x'];
    t.strictSame(await list(), all);
    alt.answers['ListContainerStats'] = Buffer.from([0x0a, 0x7f, 0]);
    t.strictSame(await list(), all);
  });
}
