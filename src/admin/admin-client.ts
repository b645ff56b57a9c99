import { type IncomingMessage, request } from 'node:http';
import { AdminError } from './admin-route.ts';
import type { AdminApi } from './api/endpoints.ts';

/** How long the daemon may take for an answer, in ms. */
const PATIENCE = 10_000;

interface ApiRequest<E extends keyof AdminApi> {
  readonly query?: Partial<Record<AdminApi[E]['query'], string>>;
  readonly body?: AdminApi[E]['body'];
}

/** The daemon cannot be reached, or does not answer; the message names the socket and the remedy. */
export class AdminUnreachable extends Error {}

/**
 * Asks the daemon; resolves with the answer's JSON, or its text where it is none. Rejects with an AdminError that has the
 * daemon's own message, or with an AdminUnreachable.
 */
export async function askAdmin(socket: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await send(socket, method, path, body, signal);
  try {
    return readValue(response, await readText(response));
  } catch (fault) {
    throw explain(socket, fault, signal);
  }
}

/** As askAdmin, of one of the API's endpoints. */
export async function askApi<E extends keyof AdminApi>(
  socket: string,
  endpoint: E,
  { query = {}, body }: ApiRequest<E> = {},
): Promise<AdminApi[E]['answer']> {
  const [method = '', path = ''] = endpoint.split(' ');
  const search = new URLSearchParams(query as Record<string, string>).toString();
  return (await askAdmin(socket, method, search === '' ? path : `${path}?${search}`, body)) as AdminApi[E]['answer'];
}

/** The lines of an answer as they come, until it ends or `signal` is aborted. Throws as askAdmin. */
export async function* followAdmin(socket: string, path: string, signal: AbortSignal): AsyncGenerator<string> {
  const patience = AbortSignal.timeout(PATIENCE);
  const begun = new AbortController();
  try {
    // Until the answer begins the daemon is waited for; from then on its lines come when they come.
    const ending = AbortSignal.any([signal, begun.signal]);
    const stop = () => begun.abort(patience.reason);
    patience.addEventListener('abort', stop);
    const response = await send(socket, 'GET', path, undefined, ending);
    patience.removeEventListener('abort', stop);
    yield* linesOf(response);
  } catch (fault) {
    if (!signal.aborted) throw explain(socket, fault, begun.signal);
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function send(
  socket: string,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(text !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method, path, headers, signal, agent: false });
    asked.on('error', fault => reject(explain(socket, fault, signal)));
    asked.on('response', response => {
      if (response.statusCode === 200) return resolve(response);
      readText(response).then(
        said => reject(new AdminError(response.statusCode ?? 500, errorIn(said))),
        fault => reject(explain(socket, fault, signal)),
      );
    });
    asked.end(text);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function readValue(response: IncomingMessage, text: string): unknown {
  return response.headers['content-type'] === 'application/json' ? (JSON.parse(text) as unknown) : text;
}

function errorIn(text: string): string {
  try {
    return String((JSON.parse(text) as { error: unknown }).error);
  } catch {
    return text.trim();
  }
}

const UNIT = 'systemctl status criproxy';

/** The fault of the socket, and the remedy. */
function explain(socket: string, fault: unknown, signal: AbortSignal): Error {
  if (fault instanceof AdminError || fault instanceof AdminUnreachable) return fault;
  return new AdminUnreachable(sentence(socket, fault as NodeJS.ErrnoException, signal), { cause: fault });
}

function sentence(socket: string, { code, message }: NodeJS.ErrnoException, signal: AbortSignal): string {
  if ((signal.reason as Error | undefined)?.name === 'TimeoutError') {
    return `the daemon does not answer on ${socket} within ${PATIENCE / 1000} s; see ${UNIT}, and its log: journalctl -u criproxy`;
  }
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no admin socket ${socket}: the daemon does not run (${UNIT}), is older than this program, or has another socket (criproxy config show; then --admin-socket)`;
    case 'ECONNREFUSED':
      return `nothing listens on ${socket}: the daemon has ended; see ${UNIT}`;
    case 'EACCES':
    case 'EPERM':
      return `no permission to open ${socket}; run this as root (sudo)`;
    case 'ENOTSOCK':
    case 'HPE_INVALID_CONSTANT':
      return `${socket} is not the admin socket of criproxy; name that with --admin-socket`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the daemon on ${socket} ended while it was asked; see ${UNIT}`;
    default:
      return `the daemon cannot be asked on ${socket}: ${message}`;
  }
}
