import { test } from 'tap';
import { ProxyError } from '../../src/base/error.ts';
import { criTypes } from '../support/cri-types.ts';
import { dial } from '../support/dial.ts';
import { methodPath } from '../support/facts.ts';
import { needs } from '../support/require.ts';
import { startTwoRuntimes } from '../support/two-runtimes.ts';
import { callOptions } from '../transport/support/sockets.ts';

const LONG = 300_000;

test(
  "containerd's error of 300 kB reaches a client, and ends nothing else",
  needs('root', 'demo', 'registry'),
  async t => {
    const lab = await startTwoRuntimes({ releases: { secondary: '2.1' } });
    t.teardown(() => lab.stop());
    // Node's own client takes header lists of 64 KiB; ours takes 16 MiB, as the kubelet's client does.
    const through = await dial(lab.proxy.socketPath, 10_000);
    t.teardown(() => through.close());
    for (const side of lab.sides) {
      const direct = await dial(side.containerd.socketPath, 10_000);
      t.teardown(() => direct.close());
      // Such a name is not allowed, and the error repeats it.
      const name = `UPPER${'x'.repeat(LONG)}`;
      const request = (image: string) => criTypes('runtime.v1').encode('PullImageRequest', { image: { image } });
      const ask = (session: typeof through, image: string) =>
        session
          .call(methodPath('PullImage', 'runtime.v1'), request(image), callOptions())
          .then(() => undefined, ProxyError.from);
      const [own, seen] = [await ask(direct, name), await ask(through, `${side.imagePrefix}${name}`)];
      t.ok((own?.message.length ?? 0) > LONG, `the ${side.name} says ${own?.message.length} characters`);
      t.equal(seen?.code, own?.code, 'the code is its own');
      t.equal(seen?.message, own?.message, 'and so is the text');
      await lab.client.call('Version', {}, { deadline: 20_000 });
      const status = await lab.client.ask(
        'ImageStatus',
        { image: { image: `${side.imagePrefix}none` } },
        { deadline: 20_000 },
      );
      t.equal(status.code, 0, 'the connection to it goes on');
    }
    t.notMatch(lab.proxy.log(), /is down/);
  },
);
