import { createServer, type Server, type Socket } from 'node:net';

/** How long a connection may last, in ms: one request and one answer. */
const LIFE = 10_000;

/** How many connections there are at most. When another one comes, the oldest has to go: a scrape always gets a place. */
const MAX_CONNECTIONS = 32;

/** How long the head of a request may be, in bytes. */
const MAX_HEAD = 8 * 1024;

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
};

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** More header fields, `name: value`. */
  readonly fields?: readonly string[];
}

/** `path` is without its query. Never rejects. */
export type AnswerHttp = (method: string, path: string) => Promise<HttpAnswer>;

/**
 * HTTP/1.1 (RFC 9112) for every client that can reach a port of the node: each connection gets one answer to its first request, and the
 * bytes behind that request are not read. node:http parses a chunk of thousands of pipelined requests at once, and calls wait
 * meanwhile.
 */
export function oneAnswerHttp(answer: AnswerHttp): Server & { closeAll(): void } {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    if (open.size >= MAX_CONNECTIONS) [...open][0]!.destroy();
    open.add(socket);
    const timer = setTimeout(() => socket.destroy(), LIFE).unref();
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    void serveOne(socket, answer);
  });
  // An error of accept is about one connection.
  server.on('error', () => {});
  return Object.assign(server, {
    closeAll() {
      for (const socket of open) socket.destroy();
    },
  });
}

async function serveOne(socket: Socket, answer: AnswerHttp): Promise<void> {
  const head = await readHead(socket);
  if (head === undefined) return;
  const line = /^([A-Z]+) (\/[^ ?]*)(?:\?[^ ]*)? HTTP\/1\.[01]\r?\n/.exec(head);
  if (head.length > MAX_HEAD) send(socket, true, plain(431, 'the request is too long\n'));
  else if (line === null) send(socket, true, plain(400, 'no request of HTTP/1.1\n'));
  else send(socket, line[1] !== 'HEAD', await answer(line[1]!, line[2]!));
}

export function plain(status: number, text: string, fields: readonly string[] = []): HttpAnswer {
  return { status, type: 'text/plain', text, fields };
}

/** The head of the first request, or more than it may have; undefined if the client goes before. Reads nothing from then on. */
function readHead(socket: Socket): Promise<string | undefined> {
  return new Promise(resolve => {
    let head = '';
    const take = (chunk: Buffer) => {
      head += chunk.toString('latin1', 0, MAX_HEAD + 1);
      const end = /\r?\n\r?\n/.exec(head);
      if (end === null && head.length <= MAX_HEAD) return;
      socket.pause();
      socket.off('data', take);
      resolve(end === null ? head : head.slice(0, end.index + end[0].length));
    };
    socket.on('data', take);
    socket.once('close', () => resolve(undefined));
  });
}

function send(socket: Socket, withBody: boolean, { status, type, text, fields = [] }: HttpAnswer): void {
  const body = Buffer.from(text);
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    `content-type: ${type}`,
    `content-length: ${body.length}`,
    'connection: close',
    ...fields,
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), withBody ? body : Buffer.alloc(0)]));
}
