import { test } from 'tap';
import type { CallOptions } from '../../../src/base/call.ts';
import { Code } from '../../../src/base/codes.ts';
import { EndingCall } from '../../../src/base/ending-call.ts';
import { ProxyError } from '../../../src/base/error.ts';
import { endableCall } from '../../../src/routing/asking/endable-call.ts';

const late = new ProxyError(Code.DeadlineExceeded, 'too late');

/** A call to a runtime with these options; the returned function tells why it ended. */
function callWith(options: CallOptions): () => ProxyError | undefined {
  let reason: ProxyError | undefined;
  if (options instanceof EndingCall)
    options.follow({
      cancel(given) {
        reason = given;
      },
    });
  else
    options.signal.addEventListener('abort', () => {
      reason = options.signal.reason;
    });
  return () => reason;
}

/** Calls of clients as our server makes them, and calls of any other caller; each with a function that ends it. */
const kinds: Readonly<Record<string, () => { options: CallOptions; cancel(): void }>> = {
  'a call that came in': () => {
    const options = new EndingCall([['a', 'b']], 42);
    return { options, cancel: () => options.cancel(late) };
  },
  'a call with a signal': () => {
    const controller = new AbortController();
    const options = { metadata: [['a', 'b']] as const, deadline: 42, signal: controller.signal };
    return { options, cancel: () => controller.abort(late) };
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind}: a call for it ends with it, with the same reason`, async t => {
    const { options, cancel } = make();
    const call = endableCall(options);
    const reason = callWith(call.options);
    t.match(call.options, { metadata: [['a', 'b']], deadline: 42 });
    cancel();
    t.equal(reason(), late);
    t.ok(call.options.signal.aborted, 'who looks at the signal later sees it too');
    t.equal(endableCall(options).options.signal.aborted, true, 'at once if it has ended before');
  });

  test(`${kind}: a call for it ends before it, and is not heard of any more`, async t => {
    const { options, cancel } = make();
    const call = endableCall(options);
    const reason = callWith(call.options);
    call.end();
    t.equal(reason()?.code, Code.Cancelled);
    cancel();
    t.equal(reason()?.code, Code.Cancelled, 'the first reason counts');
  });
}

test('no signal is made for a call that does not use it', async t => {
  const { AbortController: real } = globalThis;
  let made = 0;
  globalThis.AbortController = class extends real {
    constructor() {
      super();
      made++;
    }
  };
  t.teardown(() => {
    globalThis.AbortController = real;
  });
  const incoming = new EndingCall([], undefined);
  for (let index = 0; index < 10; index++) {
    const call = endableCall(incoming);
    callWith(call.options);
    call.end();
  }
  t.equal(made, 0);
  t.notOk(endableCall(incoming).options.signal.aborted);
  t.equal(made, 1);
});
