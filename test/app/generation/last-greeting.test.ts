import { type Test, test } from 'tap';
import { EngineNode } from './engine-node.ts';

/** A node whose runtimes A and B have greeted, by a proxy that runs. */
async function greetedNode(t: Test): Promise<EngineNode> {
  const node = new EngineNode(t);
  await node.start('A,alt:B');
  await node.pods();
  return node;
}

async function nameOf(node: EngineNode): Promise<string> {
  return (await node.call('Version'))['runtime_name'];
}

for (const end of ['stop', 'kill'] as const) {
  test(`Version of a primary that is down is its last greeting after a restart of the proxy by ${end}`, async t => {
    const node = await greetedNode(t);
    await node.generations.flush();
    await node[end]();
    node.engine('A').set('down');
    await node.start('A,alt:B');
    t.equal(await nameOf(node), 'A');
  });
}

for (const way of ['reload', 'restart'] as const) {
  test(`Version of a secondary that becomes the primary by ${way} while it is down is its own greeting`, async t => {
    const node = await greetedNode(t);
    node.engine('B').set('down');
    if (way === 'reload') await node.generations.change(node.config('B,old:A'));
    else {
      await node.stop();
      await node.start('B,old:A');
    }
    t.equal(await nameOf(node), 'B');
  });
}

test('Version of another socket is not the greeting of the runtime before', async t => {
  const node = await greetedNode(t);
  node.engine('C').set('down');
  await node.generations.change(node.config('C,alt:B'));
  const { node: state, runtimes } = node.generations;
  t.equal(state.of(runtimes.primary).versions.size, 0);
});
