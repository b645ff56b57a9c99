import { test } from 'tap';
import { KnownMessage } from '../../../../src/transport/grpc/messages/known-message.ts';
import { message } from '../../support/frames.ts';

const hello = Buffer.from('hello');
const sent = message('hello');

test('the likely message, however it is cut', async t => {
  for (let cut = 0; cut <= sent.length; cut++) {
    const known = new KnownMessage(hello);
    t.notOk(known.begun);
    t.equal(known.match(sent, 0, cut), cut, `its first ${cut} bytes`);
    t.equal(known.begun, cut > 0);
    t.equal(known.whole, cut === sent.length);
    t.equal(known.match(Buffer.concat([sent, sent]), cut, 2 * sent.length), sent.length - cut, 'the rest, and no more');
    t.ok(known.whole);
  }
});

test('another message: all before the chunk that differs is known, nothing of that chunk', async t => {
  for (let wrong = 0; wrong < sent.length; wrong++) {
    const other = Buffer.from(sent);
    other[wrong]! ^= 1;
    for (let cut = 0; cut <= wrong; cut++) {
      const known = new KnownMessage(hello);
      t.equal(known.match(other, 0, cut), cut);
      t.equal(known.match(other, cut, other.length), -1, `byte ${wrong} is another, in a chunk from ${cut} on`);
      t.same(Buffer.concat(known.parts()), other.subarray(0, cut));
      t.notOk(known.whole);
    }
  }
});

test('an empty message', async t => {
  const known = new KnownMessage(Buffer.alloc(0));
  t.equal(known.match(message(''), 0, 5), 5);
  t.ok(known.whole);
  t.same(Buffer.concat(known.parts()), message(''));
});
