import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { test } from 'tap';
import { AdminUnreachable, askAdmin, followAdmin } from '../../src/admin/admin-client.ts';
import { AdminError, type AdminRoute } from '../../src/admin/admin-route.ts';
import { waitFor } from '../support/child.ts';
import { startAdmin } from './admin-lab.ts';

const echo: AdminRoute = {
  method: 'PUT',
  path: '/v1/echo',
  handle: ({ query, body }) => ({ kind: 'json', value: { query: [...query], body: body ?? null } }),
};

const routes: readonly AdminRoute[] = [
  echo,
  { method: 'GET', path: '/v1/echo', handle: () => ({ kind: 'json', value: 'got' }) },
  {
    method: 'GET',
    path: '/metrics',
    handle: () => ({ kind: 'text', type: 'text/plain; version=0.0.4', text: 'a 1\n' }),
  },
  {
    method: 'POST',
    path: '/v1/refuses',
    handle: () => {
      throw new AdminError(409, 'the file is broken; mend it');
    },
  },
  {
    method: 'GET',
    path: '/v1/breaks',
    handle: () => {
      throw new TypeError('x is not a function');
    },
  },
];

/** Sends bytes and resolves with the answer, once the server has ended the connection. */
async function sendRaw(path: string, bytes: string): Promise<string> {
  const socket = connect(path);
  let said = '';
  socket.setEncoding('utf8').on('data', text => {
    said += text;
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return said;
}

function statusOf(answer: string): string {
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer;
}

function errorOf(answer: string): string {
  return (JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { error: string }).error;
}

test('the admin API answers', async t => {
  const lab = await startAdmin(routes);
  t.teardown(() => lab.stop());
  t.same(await askAdmin(lab.path, 'PUT', '/v1/echo?a=1&b=%2F', { x: [1, 'ü'] }), {
    query: [
      ['a', '1'],
      ['b', '/'],
    ],
    body: { x: [1, 'ü'] },
  });
  t.same(await askAdmin(lab.path, 'PUT', '/v1/echo'), { query: [], body: null });
  t.equal(await askAdmin(lab.path, 'GET', '/v1/echo'), 'got', 'by method');
  t.equal(await askAdmin(lab.path, 'GET', '/metrics'), 'a 1\n', 'text');
  t.same(lab.warnings, []);
});

const errors: readonly [method: string, path: string, status: number, message: RegExp][] = [
  ['GET', '//', 404, /^there is no \/\/; there are /],
  ['GET', '//v1/echo?a=b', 404, /^there is no \/\/v1\/echo; there are /],
  ['GET', '/v1/none', 404, /^there is no \/v1\/none; there are \/metrics, \/v1\/breaks, \/v1\/echo, \/v1\/refuses$/],
  ['DELETE', '/v1/echo', 405, /^\/v1\/echo has no DELETE; it has PUT, GET$/],
  ['POST', '/v1/refuses', 409, /^the file is broken; mend it$/],
  ['GET', '/v1/breaks', 500, /^x is not a function$/],
];

test('errors', async t => {
  const lab = await startAdmin(routes);
  t.teardown(() => lab.stop());
  for (const [method, path, status, message] of errors) {
    const fault = (await askAdmin(lab.path, method, path).catch(error => error)) as AdminError;
    t.type(fault, AdminError, `${method} ${path}`);
    t.equal(fault.status, status);
    t.match(fault.message, message);
  }
  t.same(lab.warnings, ['admin API: x is not a function'], 'only a fault of ours is in the log');
});

const broken: readonly [what: string, bytes: string, status: string, error: RegExp][] = [
  ['no JSON', 'PUT /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{"a"', '400', /no JSON/],
  [
    'a body that is announced too long',
    `PUT /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n${'1'.repeat(101)}`,
    '413',
    /at most 100 bytes/,
  ],
  [
    'a body in chunks that is too long',
    `PUT /v1/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'10\r\n1234567890123456\r\n'.repeat(8)}0\r\n\r\n`,
    '413',
    /at most 100 bytes/,
  ],
];

test('bodies that are refused', async t => {
  const lab = await startAdmin(routes, { body: 100 });
  t.teardown(() => lab.stop());
  for (const [what, bytes, status, error] of broken) {
    const answer = await sendRaw(lab.path, bytes);
    t.equal(statusOf(answer), status, what);
    t.match(errorOf(answer), error);
  }
  t.equal(statusOf(await sendRaw(lab.path, 'not HTTP\r\n\r\n')), '400', 'not HTTP');
  t.equal(
    statusOf(await sendRaw(lab.path, `GET /v1/echo HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)),
    '431',
  );
  t.equal(await askAdmin(lab.path, 'GET', '/v1/echo'), 'got', 'it goes on');
});

test('a connection that never asks, or never ends its request, is ended', async t => {
  const lab = await startAdmin(routes, { request: 100 });
  t.teardown(() => lab.stop());
  const beginnings = ['', 'GET /v1/', 'PUT /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12'];
  for (const bytes of beginnings) {
    t.equal(statusOf(await sendRaw(lab.path, bytes)), '', `after "${bytes.replaceAll('\r\n', ' ')}"`);
  }
});

test('a connection over the limit gets 503, and the end of a connection makes room', async t => {
  const lab = await startAdmin(routes, { connections: 2 });
  t.teardown(() => lab.stop());
  const idle: Socket[] = [connect(lab.path), connect(lab.path)];
  for (const socket of idle) await once(socket, 'connect');
  const fault = (await askAdmin(lab.path, 'GET', '/v1/echo').catch(error => error)) as AdminError;
  t.type(fault, AdminError);
  t.equal(fault.status, 503);
  t.match(fault.message, /too many connections/);
  idle[0]!.destroy();
  const answer = await waitFor('room', () => askAdmin(lab.path, 'GET', '/v1/echo').catch(() => undefined));
  t.equal(answer, 'got');
  idle[1]!.destroy();
});

test('lines come as they are made, and a reader that goes away ends the iteration', async t => {
  let ended = false;
  let isAborted = () => false;
  async function* count(signal: AbortSignal) {
    isAborted = () => signal.aborted;
    try {
      for (let number = 1; ; number++) {
        yield `line ${number}`;
        await setImmediate();
      }
    } finally {
      ended = true;
    }
  }
  const lines: AdminRoute = {
    method: 'GET',
    path: '/v1/lines',
    handle: ({ signal }) => ({ kind: 'lines', lines: count(signal) }),
  };
  const lab = await startAdmin([lines]);
  t.teardown(() => lab.stop());
  const stopping = new AbortController();
  const got: string[] = [];
  for await (const line of followAdmin(lab.path, '/v1/lines', stopping.signal)) {
    got.push(line);
    if (got.length === 3) stopping.abort();
  }
  t.same(got.slice(0, 3), ['line 1', 'line 2', 'line 3']);
  await waitFor('the end of the iteration', () => ended || undefined);
  t.equal(isAborted(), true);
  t.same(lab.warnings, []);
});

test('a reader that does not read holds back the iteration', async t => {
  let made = 0;
  async function* flood() {
    const line = 'x'.repeat(1023);
    for (; made < 100_000; made++) yield line;
  }
  const lab = await startAdmin([
    { method: 'GET', path: '/v1/lines', handle: () => ({ kind: 'lines', lines: flood() }) },
  ]);
  t.teardown(() => lab.stop());
  const socket = connect(lab.path);
  socket.pause().write('GET /v1/lines HTTP/1.1\r\nHost: x\r\n\r\n');
  await waitFor('the first lines', () => made > 0 || undefined);
  const settled = await waitFor('no more lines', async () => {
    const before = made;
    for (let turns = 0; turns < 1000; turns++) await setImmediate();
    return made === before ? made : undefined;
  });
  t.ok(settled < 10_000, `${settled} KiB were made`);
  socket.resume();
  await waitFor('more lines when it reads', () => made > settled || undefined);
  socket.destroy();
});

test('an iteration that fails ends the answer in the middle, so that it does not look whole', async t => {
  const lines = async function* () {
    yield 'one';
    throw new Error('no more');
  };
  const lab = await startAdmin([
    { method: 'GET', path: '/v1/lines', handle: () => ({ kind: 'lines', lines: lines() }) },
  ]);
  t.teardown(() => lab.stop());
  const got: string[] = [];
  const read = async () => {
    for await (const line of followAdmin(lab.path, '/v1/lines', new AbortController().signal)) got.push(line);
  };
  t.type(await read().catch(error => error), AdminUnreachable);
  t.same(got, ['one']);
  t.same(lab.warnings, ['admin API: no more']);
});

test('close ends idle connections at once, lets an answer finish, and lines end', async t => {
  let release: (() => void) | undefined;
  const slow: AdminRoute = {
    method: 'GET',
    path: '/v1/slow',
    handle: () => new Promise(resolve => (release = () => resolve({ kind: 'json', value: 'done' }))),
  };
  const silent: AdminRoute = {
    method: 'GET',
    path: '/v1/silent',
    handle: () => ({
      kind: 'lines',
      lines: (async function* () {
        yield 'one';
        await new Promise(() => {});
      })(),
    }),
  };
  const lab = await startAdmin([slow, silent]);
  t.teardown(() => lab.stop());
  const idle = connect(lab.path);
  idle.on('error', () => {});
  await once(idle, 'connect');
  const answer = askAdmin(lab.path, 'GET', '/v1/slow');
  const lines: string[] = [];
  const read = (async () => {
    for await (const line of followAdmin(lab.path, '/v1/silent', new AbortController().signal)) lines.push(line);
  })();
  await waitFor('both requests', () => (lines.length === 1 && release !== undefined) || undefined);
  const closed = lab.server.close(10_000);
  await once(idle, 'close');
  await read;
  t.same(lines, ['one'], 'the lines end as if there were no more');
  release?.();
  t.equal(await answer, 'done');
  await closed;
  t.type(await askAdmin(lab.path, 'GET', '/v1/slow').catch(error => error), AdminUnreachable, 'no more connections');
});

test('close does not wait longer than its grace', async t => {
  const asked = Promise.withResolvers<void>();
  const handle = () => {
    asked.resolve();
    return new Promise<never>(() => {});
  };
  const never: AdminRoute = { method: 'GET', path: '/v1/never', handle };
  const lab = await startAdmin([never]);
  t.teardown(() => lab.stop());
  const answer = askAdmin(lab.path, 'GET', '/v1/never').catch(error => error);
  await asked.promise;
  await lab.server.close(50);
  t.type(await answer, AdminUnreachable);
});

test('an error of accept does not end the server', async t => {
  const admin = await startAdmin(routes);
  t.teardown(() => admin.stop());
  for (let i = 0; i < 3; i++) admin.listener.emit('error', new Error('accept ENOMEM'));
  t.equal(await askAdmin(admin.path, 'GET', '/v1/echo'), 'got');
});
