/**
 * An API server reduced to the installer's requests: it has one Node, whose labels and conditions can be read and
 * patched. Written from the API's documented forms (core/v1 Node, JSON merge patch, strategic merge patch). The content of
 * /run/api.json decides its answers; the Node is in /run/api-node.json after each patch, each request a line of /run/api.log.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';

interface Control {
  /** The reason why the node is not Ready; undefined if it is. */
  readonly unready?: string;
  /** The node is not Ready while a file of the node holds this text. */
  readonly unreadyWith?: { readonly file: string; readonly text: string };
  /** The HTTP status that refuses each PATCH. */
  readonly refuse?: number;
}

interface Condition {
  readonly type: string;
  readonly [key: string]: unknown;
}

const folder = '/root/api';
const labels: Record<string, string> = { 'kubernetes.io/os': 'linux' };
let conditions: readonly Condition[] = [];

const control = (): Control => (existsSync('/run/api.json') ? JSON.parse(readFileSync('/run/api.json', 'utf8')) : {});
const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

function nodeObject(): object {
  const { unready: told, unreadyWith: on } = control();
  const isOn = on !== undefined && existsSync(on.file) && readFileSync(on.file, 'utf8').includes(on.text);
  const unready = isOn ? `${on.file} holds ${on.text}` : told;
  const ready = {
    type: 'Ready',
    status: unready === undefined ? 'True' : 'False',
    message: unready ?? 'kubelet is posting ready status',
  };
  const all = [{ ...ready, reason: 'Kubelet', lastHeartbeatTime: now(), lastTransitionTime: now() }, ...conditions];
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels }, status: { conditions: all } };
}

function patch(body: {
  metadata?: { labels: Record<string, string | null> };
  status?: { conditions: readonly Condition[] };
}): void {
  for (const [key, value] of Object.entries(body.metadata?.labels ?? {})) {
    if (value === null) delete labels[key];
    else labels[key] = value;
  }
  for (const { $patch, ...condition } of body.status?.conditions ?? []) {
    conditions = conditions.filter(({ type }) => type !== condition.type);
    if ($patch !== 'delete') conditions = [...conditions, condition as Condition];
  }
  writeFileSync('/run/api-node.json', JSON.stringify({ labels, conditions }));
}

createServer(
  { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/cert.pem`) },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      appendFileSync('/run/api.log', `${method} ${url} ${headers['content-type'] ?? ''}\n`);
      const answer = (status: number, body: object) => {
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      const refuse = (status: number, message: string) =>
        answer(status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status });
      if (headers.authorization !== 'Bearer secret-token') return refuse(401, 'Unauthorized');
      if (!/^\/api\/v1\/nodes\/node-1(\/status)?$/.test(url!)) return refuse(404, `nodes "${url}" not found`);
      const { refuse: status } = control();
      if (method === 'PATCH' && status !== undefined) return refuse(status, 'nodes "node-1" is forbidden');
      if (method === 'PATCH') patch(JSON.parse(Buffer.concat(chunks).toString()));
      answer(200, nodeObject());
    });
  },
).listen(6443, '127.0.0.1');
