import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { openApi } from '../../src/cluster/api/in-cluster.ts';
import { readNode, setConditions, setLabels } from '../../src/cluster/api/node-object.ts';

/**
 * Conversations with an API server, written from the documented forms of the API (core/v1 Node and NodeStatus, meta/v1 Status,
 * RFC 7386, strategic merge patch); they were not recorded from an API server.
 */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly answer: unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'criproxy-api-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);
const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key.pem')];
const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
execFileSync('openssl', ['req', '-x509', '-days', '30', ...key, ...subject, '-out', file('ca.crt')], { stdio: 'pipe' });
writeFileSync(file('token'), 'secret-token\n');

/** A server that answers as told, in this order, and the requests that it got. */
async function serve(
  exchanges: readonly Exchange[],
): Promise<{ server: Server; asked: Partial<Exchange>[]; env: NodeJS.ProcessEnv }> {
  const asked: Partial<Exchange>[] = [];
  const server = createServer(
    { key: readFileSync(file('key.pem')), cert: readFileSync(file('ca.crt')) },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { status, answer } = exchanges[asked.length]!;
        asked.push({
          method: request.method!,
          path: request.url!,
          ...(text !== '' && { type: request.headers['content-type']!, body: JSON.parse(text) }),
        });
        const isKnown = request.headers.authorization === `Bearer ${readFileSync(file('token'), 'utf8').trim()}`;
        response.writeHead(isKnown ? status : 401, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(isKnown ? answer : { kind: 'Status', message: 'Unauthorized' }));
      });
    },
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, asked, env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) } };
}

const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'KubeletReady',
  message: 'kubelet is posting ready status',
} as const;
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', labels: { 'kubernetes.io/os': 'linux' } },
  status: {
    conditions: [{ ...ready, lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  },
};

const conversation: readonly Exchange[] = [
  { method: 'GET', path: '/api/v1/nodes/node-1', status: 200, answer: node },
  {
    method: 'PATCH',
    path: '/api/v1/nodes/node-1',
    type: 'application/merge-patch+json',
    body: { metadata: { labels: { 'runtime.criproxy/kata': 'up', 'runtime.criproxy/old': null } } },
    status: 200,
    answer: node,
  },
  {
    method: 'PATCH',
    path: '/api/v1/nodes/node-1/status',
    type: 'application/strategic-merge-patch+json',
    body: { status: { conditions: [ready, { $patch: 'delete', type: 'runtime.criproxy/old' }] } },
    status: 200,
    answer: node,
  },
];

test('a node is read, labelled, and given conditions', async t => {
  const { server, asked, env } = await serve(conversation);
  t.teardown(() => server.close());
  const ask = openApi(env, folder);
  t.match(await readNode(ask, 'node-1'), { labels: node.metadata.labels, conditions: [ready] });
  await setLabels(ask, 'node-1', { 'runtime.criproxy/kata': 'up', 'runtime.criproxy/old': null });
  await setConditions(ask, 'node-1', [ready], ['runtime.criproxy/old']);
  t.same(
    asked,
    conversation.map(({ status: _, answer: __, ...request }) => request),
  );
});

test('a refusal is an error with the words of the API server', async t => {
  const message = 'nodes "node-1" is forbidden: User "x" cannot patch resource "nodes"';
  const { server, env } = await serve([
    { method: 'PATCH', path: '', status: 403, answer: { kind: 'Status', status: 'Failure', message, code: 403 } },
  ]);
  t.teardown(() => server.close());
  await t.rejects(setLabels(openApi(env, folder), 'node-1', {}), { status: 403, message: new RegExp(message) });
});

test('a token that the kubelet has replaced is used at once', async t => {
  const { server, env } = await serve([conversation[0]!, conversation[0]!]);
  t.teardown(() => server.close());
  const ask = openApi(env, folder);
  await readNode(ask, 'node-1');
  writeFileSync(file('token'), 'another\n');
  await readNode(ask, 'node-1');
  t.pass('both were taken');
});

test('an API server that is not there, or another one, is an error that names it', async t => {
  const { server, env } = await serve([]);
  server.close();
  await t.rejects(readNode(openApi(env, folder), 'node-1'), {
    status: 0,
    message: /127\.0\.0\.1:\d+ cannot be asked: .*ECONNREFUSED/,
  });
  const other = await serve([]);
  t.teardown(() => other.server.close());
  const unknown = mkdtempSync(join(folder, 'other-'));
  const more = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(unknown, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', ...more, ...subject, '-out', join(unknown, 'ca.crt')], { stdio: 'pipe' });
  writeFileSync(join(unknown, 'token'), 'secret');
  await t.rejects(readNode(openApi(other.env, unknown), 'node-1'), { status: 0, message: /certificate|signature/ });
  t.same(other.asked, [], 'and it is not given the token');
});

test('outside a pod', async t => {
  t.throws(() => openApi({}, folder), { message: /this is no pod of a cluster/ });
});
