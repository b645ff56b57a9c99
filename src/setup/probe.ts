import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { createConnection } from 'node:net';
import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import { podNameOf } from '../cri/read/item-names.ts';
import { readAllBytes } from '../cri/read/listing.ts';
import { isReady } from '../cri/read/pod-identity.ts';
import { endpointPath } from './endpoint.ts';
import type { RuntimeAnswer } from './host.ts';

const packages = ['runtime.v1', 'runtime.v1alpha2', 'runtime'] as const;

/** gRPC's frame of an empty message: not compressed, length 0. */
const EMPTY = Buffer.alloc(5);

/** gRPC's percent-encoding of a status message. */
function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Calls a unary method with an empty message; resolves with the answer's bytes, rejects with a ProxyError. */
function call(session: ClientHttp2Session, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let ended: IncomingHttpHeaders = {};
    stream.on('response', headers => (ended = headers)); // an answer without a message has its status there
    stream.on('trailers', trailers => (ended = trailers));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', fault => reject(new ProxyError(Code.Unavailable, fault.message, { cause: fault })));
    stream.on('close', () => {
      const code = Number(ended['grpc-status'] ?? Code.Unavailable);
      const text = decodeText(String(ended['grpc-message'] ?? 'the connection ended'));
      if (code === Code.OK) resolve(Buffer.concat(chunks).subarray(EMPTY.length));
      else reject(new ProxyError(code, text));
    });
    stream.end(EMPTY);
  });
}

/** The strings of VersionResponse by field number: 2 is runtime_name, 3 runtime_version (CRI api.proto). */
function readStrings(message: Buffer): Map<number, string> {
  const found = new Map<number, string>();
  let at = 0;
  while (at + 1 < message.length && (message[at]! & 7) === 2) {
    const end = at + 2 + message[at + 1]!;
    found.set(message[at]! >> 3, message.toString('utf8', at + 2, end));
    at = end;
  }
  return found;
}

/** What asks a runtime in one package of the CRI API. */
type Ask<T> = (session: ClientHttp2Session, name: (typeof packages)[number]) => Promise<T>;

async function askNewest<T>(session: ClientHttp2Session, ask: Ask<T>): Promise<T> {
  let last: unknown;
  for (const name of packages) {
    try {
      return await ask(session, name);
    } catch (fault) {
      last = fault;
      if (ProxyError.from(fault).code !== Code.Unimplemented) break;
    }
  }
  throw last;
}

const greet: Ask<RuntimeAnswer> = async (session, name) => {
  const version = readStrings(await call(session, `/${name}.RuntimeService/Version`));
  await call(session, `/${name}.ImageService/ImageFsInfo`);
  return { name: version.get(2) ?? '', version: version.get(3) ?? '' };
};

function tryOnce<T>(path: string, ms: number, ask: Ask<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const session = connect('http://localhost', { createConnection: () => createConnection(path) });
    const end = (settle: () => void) => {
      clearTimeout(timer);
      session.destroy();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`no answer within ${Math.round(ms)} ms`))), ms);
    session.on('error', fault => end(() => reject(fault)));
    askNewest(session, ask).then(
      answer => end(() => resolve(answer)),
      fault => end(() => reject(fault)),
    );
  });
}

/**
 * Asks the CRI socket for Version and ImageFsInfo, the two calls that a kubelet needs to start, in the newest package that
 * it has; tries for `ms` milliseconds, and then throws the last error in words.
 */
export async function probeRuntime(socket: string, ms: number): Promise<RuntimeAnswer> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      return await tryOnce(endpointPath(socket), Math.min(5_000, Math.max(end - performance.now(), 500)), greet);
    } catch (fault) {
      if (performance.now() >= end) throw fault;
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

/** The runtime's PodSandboxes that are ready, as `namespace/name`. Throws the error in words. */
export function listReadyPods(socket: string): Promise<readonly string[]> {
  return tryOnce(endpointPath(socket), 5_000, async (session, name) => {
    const list = await call(session, `/${name}.RuntimeService/ListPodSandbox`);
    const ready = readAllBytes(list, 1).filter(isReady).map(podNameOf);
    return ready.map(({ namespace, pod }) => `${namespace}/${pod}`);
  });
}
