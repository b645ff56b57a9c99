import { once } from 'node:events';
import t from 'tap';
import { dial } from '../../../support/dial.ts';
import { listen, socketPath } from '../../support/sockets.ts';

t.test('dial of a missing socket, of a server without HTTP/2, and of a silent server', async t => {
  const path = await socketPath(t);
  t.match(await dial(path, 1000).catch(error => error), { code: 'ENOENT' });
  const server = await listen(path);
  t.teardown(() => server.close());
  server.once('connection', socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.match(await dial(path, 1000).catch(error => error), { message: /^no HTTP\/2 connection: / });
  const silent = dial(path, 50).catch(error => error);
  const [socket] = await once(server, 'connection');
  t.match(await silent, { message: /does not answer within 50 ms/ });
  socket.destroy();
});
