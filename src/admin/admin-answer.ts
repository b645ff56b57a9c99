import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../base/logger.ts';
import type { AdminLimits } from './admin-limits.ts';
import { type AdminAnswer, AdminError, type AdminRoute } from './admin-route.ts';

/** The parts of the server that an answer needs. */
export interface AdminContext {
  readonly routes: readonly AdminRoute[];
  readonly limits: AdminLimits;
  readonly log: Logger;
  /** Aborted when the server closes. */
  readonly stopping: AbortSignal;
  /** From now on the connection may last for so long (ms); undefined: for ever. */
  allow(socket: Socket, ms: number | undefined): void;
}

/** Answers one request; never rejects. An error is JSON: `{"error": "..."}`. */
export async function answer(request: IncomingMessage, response: ServerResponse, context: AdminContext): Promise<void> {
  response.on('error', () => {});
  // One request a connection: nothing to keep alive, and a client that goes away is one that has lost interest.
  response.setHeader('Connection', 'close');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const { path, query } = splitTarget(request.url ?? '/');
    const route = findRoute(context.routes, request.method ?? '', path, response);
    const body = await readBody(request, context.limits.body);
    context.allow(request.socket, undefined);
    const signal = AbortSignal.any([gone.signal, context.stopping]);
    await send(response, await route.handle({ query, body, signal }), signal);
  } catch (fault) {
    refuse(response, fault, context.log);
  }
  context.allow(request.socket, context.limits.answer);
}

/** Not by the URL class: to it two slashes are the beginning of a host. */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  if (at < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at)) };
}

function findRoute(routes: readonly AdminRoute[], method: string, path: string, response: ServerResponse): AdminRoute {
  const there = routes.filter(route => route.path === path);
  const route = there.find(each => each.method === method);
  if (route !== undefined) return route;
  if (there.length === 0) {
    const known = [...new Set(routes.map(each => each.path))].sort();
    throw new AdminError(404, `there is no ${path}; there are ${known.join(', ')}`);
  }
  const methods = there.map(each => each.method).join(', ');
  response.setHeader('Allow', methods);
  throw new AdminError(405, `${path} has no ${method}; it has ${methods}`);
}

/** Undefined for no body. Throws an AdminError for one that is too long or no JSON. */
async function readBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new AdminError(413, `a body of at most ${limit} bytes is taken`);
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (fault) {
    throw new AdminError(400, `the body is no JSON: ${(fault as Error).message}`);
  }
}

async function send(response: ServerResponse, answer: AdminAnswer, signal: AbortSignal): Promise<void> {
  switch (answer.kind) {
    case 'json':
      response.setHeader('Content-Type', 'application/json');
      response.end(`${JSON.stringify(answer.value)}\n`);
      return;
    case 'text':
      response.setHeader('Content-Type', answer.type);
      response.end(answer.text);
      return;
    case 'lines':
      await sendLines(response, answer.lines, signal);
  }
}

/** Waits for a reader that is slow, so that the iteration does. */
async function sendLines(response: ServerResponse, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.flushHeaders();
  const iterator = lines[Symbol.asyncIterator]();
  const aborted = new Promise<{ done: true; value: undefined }>(resolve => {
    const stop = () => resolve({ done: true, value: undefined });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) break;
      if (!response.write(`${next.value}\n`)) await once(response, 'drain', { signal });
    }
  } catch (fault) {
    // A reader that goes away while it is waited for is no fault.
    if (!signal.aborted) throw fault;
  } finally {
    // Not waited for: a generator that hangs in its own next() ends only with that.
    void iterator.return?.()?.catch(() => {});
  }
  response.end();
}

function refuse(response: ServerResponse, fault: unknown, log: Logger): void {
  const isOurs = fault instanceof AdminError;
  const message = fault instanceof Error ? fault.message : String(fault);
  if (!isOurs && !response.destroyed) log.warn(`admin API: ${message}`);
  // Half an answer must not look like a whole one: the last chunk is missing.
  if (response.headersSent) return void response.socket?.destroySoon();
  response.statusCode = isOurs ? fault.status : 500;
  response.setHeader('Content-Type', 'application/json');
  response.end(`${JSON.stringify({ error: message })}\n`);
}
