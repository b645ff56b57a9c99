import type { Test } from 'tap';
import { waitFor } from '../../support/child.ts';
import type { Message } from '../../support/cri-types.ts';
import type { TwoRuntimes } from '../../support/two-runtimes.ts';

/** Status lists a feature only if every runtime that may get a pod has it: here, both sides. */
export async function checkFeatures(t: Test, { client, sides }: TwoRuntimes): Promise<void> {
  const [primary, secondary] = await Promise.all(sides.map(({ direct }) => direct.call('Status')));
  const both = (one: Message | null, other: Message | null | undefined) =>
    Object.fromEntries(Object.entries(one ?? {}).map(([name, has]) => [name, has === true && other?.[name] === true]));
  const ofBoth: Message[] = primary!['runtime_handlers'].map((handler: Message) => {
    const other = secondary!['runtime_handlers'].find(({ name }: Message) => name === handler['name']);
    return { name: handler['name'], features: both(handler['features'], other?.features) };
  });
  // The secondary's features come from its Status, and the proxy does not wait for a Status that it never had.
  const told = await waitFor('the features of both', async () => {
    const status = await client.call('Status');
    return JSON.stringify(status['features'] ?? {}) ===
      JSON.stringify(both(primary!['features'], secondary!['features']))
      ? status
      : undefined;
  });
  const shared = told['runtime_handlers'].filter(({ name }: Message) => ofBoth.some(each => each['name'] === name));
  t.same(shared, ofBoth, 'of the handlers that the primary lists');
  const named = told['runtime_handlers'].map(({ name }: Message) => name);
  t.equal(named.includes('alt'), ofBoth.length > 0, 'the id of the secondary is a handler if there is a list of them');
}
