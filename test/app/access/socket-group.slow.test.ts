import { once } from 'node:events';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { test } from 'tap';
import { askAdmin } from '../../../src/admin/admin-client.ts';
import { startAgent } from '../../support/agent.ts';
import { waitFor } from '../../support/child.ts';
import { needs } from '../../support/require.ts';
import { startSockets } from './sockets-daemon.ts';

const NOGROUP = 65_534;

/** A group of this machine that is not root's, with its id. */
const [name, id] = readFileSync('/etc/group', 'utf8')
  .split('\n')
  .map(line => line.split(':'))
  .filter(([, , number]) => number !== undefined && number !== '0' && number !== String(NOGROUP))
  .map(([group, , number]) => [group!, Number(number)] as const)[0]!;

const UNKNOWN_GROUP = 54_321;

test('a group may open its socket, and no other user', { ...needs('root'), timeout: 120_000 }, async t => {
  const scene = await startSockets(t, {
    named: { allow: ['read'], group: name },
    numbered: { allow: ['read'], group: String(UNKNOWN_GROUP), mode: '0620' },
    rooted: { allow: ['read'] },
  });
  const { daemon } = scene;
  chmodSync(daemon.dir, 0o755);
  const facts = (socket: string) => {
    const { mode, uid, gid } = statSync(scene.path(socket));
    return [(mode & 0o777).toString(8), uid, gid];
  };
  t.strictSame(['named', 'numbered', 'rooted'].map(facts), [
    ['660', 0, id],
    ['620', 0, UNKNOWN_GROUP],
    ['660', 0, 0],
  ]);
  const agent = (socket: string, ...groups: number[]) => {
    const found = startAgent(scene.path(socket), groups);
    t.teardown(() => found.stop());
    return found;
  };
  const member = agent('named', id);
  t.strictSame((await member.ask('ListPodSandbox')).response['items'].length, 2, 'a member is served');
  t.equal((await member.ask('StopPodSandbox')).code, 7, 'with the rules of the socket');
  t.equal((await agent('named', NOGROUP, id).ask('Version')).code, 0, 'a supplementary group counts');
  const refused = { code: 14, details: /EACCES/ };
  t.match(await agent('named', NOGROUP).ask('Version'), refused, 'a user of no group');
  t.match(await agent('named', UNKNOWN_GROUP).ask('Version'), refused, 'a member of another one');
  t.match(await agent('rooted', id).ask('Version'), refused, "root's group is for root's own");
  t.match(await agent('criproxy', id).ask('Version'), refused, "so is the node's socket");
  t.equal((await agent('numbered', UNKNOWN_GROUP).ask('Version')).code, 0);

  const open = dial(scene.path('named')).resume();
  await once(open, 'connect');
  const closed = once(open, 'close');
  daemon.write(scene.sockets({ named: { allow: ['read'] } }));
  await askAdmin(daemon.adminSocket, 'POST', '/v1/reload');
  t.strictSame(facts('named'), ['660', 0, 0], 'without the key it is for root again');
  await closed;
  // A call that was sent before the client had heard of the connection's end ends with it.
  const answer = await waitFor('the refusal', async () => {
    const { code, details } = await member.ask('Version');
    return code === 0 || refused.details.test(details) ? { code, details } : undefined;
  });
  t.match(answer, refused, 'and its member is not served any more');
});
