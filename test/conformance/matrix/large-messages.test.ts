import { t as tap } from 'tap';
import { methodPath } from '../../support/facts.ts';
import { TEST_LIMIT } from '../../support/require.ts';
import { len } from '../../wire/bytes.ts';
import { PATIENCE, targets, testPairs } from './pairs.ts';

tap.setTimeout(TEST_LIMIT);

const MiB = 1024 * 1024;
const LARGE = Buffer.alloc(40 * MiB, 'x');

testPairs(
  '40 MiB each way',
  async (t, { client, clientPackage, runtimePackage, of }) => {
    const path = methodPath('ExecSync', clientPackage);
    // The primary's messages are handed on as they are, whatever the packages.
    for (const id of clientPackage === runtimePackage ? targets : (['alt'] as const)) {
      // ExecSyncResponse.stdout and ExecSyncRequest.cmd.
      const answer = len(1, LARGE);
      of(id).answers['ExecSync'] = answer;
      const own = Buffer.concat([len(1, 'c1'), len(2, LARGE)]);
      const request = id === '' ? own : Buffer.concat([len(1, 'alt__c1'), len(2, LARGE)]);
      const { code, response } = await client.raw(path, request, PATIENCE);
      t.equal(code, 0);
      t.ok(of(id).asked('ExecSync').at(-1)!.request.equals(own), `${own.length} bytes at ${id || 'the primary'}`);
      t.ok(response?.equals(answer), `${answer.length} bytes back`);
      of(id).journal.length = 0;
    }
  },
  { verbosity: 0 },
);

testPairs(
  'two lists of 10 MiB, joined to more than the kubelet takes at once',
  async (t, { client, clientPackage, primary, alt }) => {
    // Container.id and Container.labels.
    const item = (id: string) => len(1, len(1, id), len(8, len(1, 'key'), len(2, LARGE.subarray(0, 10 * MiB))));
    primary.answers['ListContainers'] = item('c1');
    alt.answers['ListContainers'] = item('c2');
    const path = methodPath('ListContainers', clientPackage);
    const { code, response } = await client.raw(path, Buffer.alloc(0), PATIENCE);
    t.equal(code, 0);
    t.ok(response?.equals(Buffer.concat([item('c1'), item('alt__c2')])), `${response?.length} bytes`);
  },
  { verbosity: 0 },
);
