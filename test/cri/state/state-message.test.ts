import { test } from 'tap';
import { listOf } from '../../../src/cri/read/listing.ts';
import {
  decodeState,
  encodeOwner,
  encodeState,
  readOwner,
  type StateMessage,
} from '../../../src/cri/state/state-message.ts';
import { lenField } from '../../../src/wire/fields.ts';

const pod = (id: string) => lenField(1, id);

/** Later daemons read the files of earlier ones: the bytes stay. */
const messages: ReadonlyArray<readonly [what: string, message: StateMessage, bytes: string]> = [
  [
    'a state',
    {
      bootId: 'boot',
      owner: { id: 'alt', path: '/run/a.sock' },
      lists: [
        { list: 'ListPodSandbox', items: listOf([pod('p1'), pod('p2')]), takenAt: 1_700_000_000_000, gone: [] },
        { list: 'ListImages', items: Buffer.alloc(0), takenAt: 5, gone: [] },
      ],
      notes: [
        { kind: 'handler', id: 'p1', value: 'kata' },
        { kind: 'containerPrefix', id: 'c1', value: 'alt/' },
        { kind: 'imagePrefix', id: 'i1', value: '' },
      ],
    },
    '0a04626f6f744a03616c74520b2f72756e2f612e736f636b1a150a0c0a040a0270310a040a0270321080d095ffbc312a040a001005' +
      '320a0a02703112046b6174613a0a0a0263311204616c742f42060a0269311200',
  ],
  [
    'a change',
    {
      bootId: '',
      owner: undefined,
      lists: [
        { list: 'ListPodSandbox', items: listOf([pod('p2')]), takenAt: 1_700_000_000_000, gone: [] },
        { list: 'ListImages', items: Buffer.alloc(0), takenAt: 5, gone: ['i1', 'i2'] },
      ],
      notes: [{ kind: 'handler', id: 'p2', value: undefined }],
    },
    '1a0f0a060a040a0270321080d095ffbc312a0c0a0010051a0269311a02693232040a027032',
  ],
];

for (const [what, message, bytes] of messages) {
  test(`${what} is the same bytes as ever, and comes back`, async t => {
    t.equal(encodeState(message).toString('hex'), bytes);
    t.strictSame(decodeState(Buffer.from(bytes, 'hex')), message);
  });
}

test('an owner alone', async t => {
  t.strictSame(readOwner(encodeOwner({ id: '', path: '/run/a.sock' })), { id: '', path: '/run/a.sock' });
  t.equal(readOwner(Buffer.alloc(0)), undefined);
});

for (const [what, message] of [
  ['a list of items without an id', lenField(3, lenField(1, lenField(1, Buffer.alloc(0))))],
  ['a message that is cut off', encodeState(messages[0]![1]).subarray(0, 40)],
] as const) {
  test(`${what} is a fault`, async t => {
    t.throws(() => decodeState(message), { name: 'WireError' });
  });
}
