import { tmpdir } from 'node:os';
import { test } from 'tap';
import { inVirtualTime, pass } from '../support/virtual-time.ts';
import { type Config, PATIENT, ProxyLab } from './model/proxy-lab.ts';
import { podConfig } from './support/routed.ts';

test('a runtime that a restart left out and a reload puts back has its pods, whatever its id is', t =>
  inVirtualTime(async () => {
    const lab = new ProxyLab(tmpdir(), ['red', 'green']);
    const [red, green] = lab.engines as [(typeof lab.engines)[0], (typeof lab.engines)[0]];
    const primary = { id: '', engine: red };
    const configOf = (...others: Config['parties'][0][]): Config => ({
      parties: [primary, ...others],
      ids: 'prefixed',
    });
    await lab.start(configOf({ id: 'alt', engine: green }));
    const made = await lab.ask('RunPodSandbox', podConfig('a', true), { patience: PATIENT });
    t.equal(made.code, 0);
    await lab.stop();
    green.set('down');
    await lab.start(configOf());
    await lab.reload(configOf({ id: 'kata', engine: green }));
    const { code, message } = await lab.ask('ListPodSandbox', {}, { patience: PATIENT });
    t.equal(code, 0);
    const ids = message['items'].map((item: { id: string }) => item.id);
    t.same(ids, [made.message['pod_sandbox_id']], 'under the id that it was made with');
    await lab.remove();
    await pass(300_000);
  }));
