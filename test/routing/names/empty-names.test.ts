import { test } from 'tap';
import { len, message } from '../../wire/bytes.ts';
import { fakeRuntime } from '../fakes.ts';
import { startLab } from '../lab.ts';

/** Proto3 leaves out an empty name, but a peer may write it: it names nothing, and must not become a prefix alone. */
const answers: ReadonlyArray<readonly [method: string, request: Buffer, own: Buffer, shown: Buffer]> = [
  ['CreateContainer', len(1, 'alt__p1'), len(1, ''), len(1, '')],
  [
    'ContainerStatus',
    len(1, 'alt__c1'),
    len(1, len(1, 'c1'), len(8, len(1, ''), len(18, '')), len(9, ''), len(17, '')),
    len(1, len(1, 'alt__c1'), len(8, len(1, ''), len(18, '')), len(9, ''), len(17, '')),
  ],
  ['PullImage', len(1, len(1, 'alt/web')), len(1, ''), len(1, '')],
  [
    'ListContainers',
    len(1, len(1, 'alt__c1')),
    len(1, len(1, 'c1'), len(2, ''), len(5, '')),
    len(1, len(1, 'alt__c1'), len(2, ''), len(5, '')),
  ],
];

for (const [method, request, own, shown] of answers) {
  test(`${method}: an empty name in an answer stays empty`, async t => {
    const lab = startLab([fakeRuntime(''), fakeRuntime('alt', { answers: { [method]: own } })]);
    t.teardown(() => lab.stop());
    t.equal((await lab.send(method, request)).message.toString('hex'), shown.toString('hex'));
  });
}

const requests: ReadonlyArray<readonly [method: string, request: Buffer, own: Buffer]> = [
  [
    'CreateContainer',
    message(len(1, 'alt__p1'), len(2, len(2, len(1, ''), len(18, ''), len(20, '')))),
    message(len(1, 'p1'), len(2, len(2, len(1, ''), len(18, ''), len(20, '')))),
  ],
  [
    'CreateContainer',
    message(len(1, 'alt__p1'), len(2, len(15, len(2, len(3, len(4, '')))))),
    message(len(1, 'p1'), len(2, len(15, len(2, len(3, len(4, '')))))),
  ],
  ['ListContainers', len(1, len(1, 'alt__c1'), len(3, '')), len(1, len(1, 'c1'), len(3, ''))],
];

for (const [method, request, own] of requests) {
  test(`${method}: an empty name in a request says nothing of a runtime: ${request.toString('hex')}`, async t => {
    const alt = fakeRuntime('alt', { answers: { [method]: Buffer.alloc(0) } });
    const lab = startLab([fakeRuntime(''), alt]);
    t.teardown(() => lab.stop());
    await lab.send(method, request);
    t.equal(alt.askedFor(method)[0]?.request.toString('hex'), own.toString('hex'));
  });
}
