import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { CallOptions, Metadata, Service } from '../../../src/base/call.ts';
import { serve } from '../../../src/transport/grpc/server/server.ts';
import type { Limits } from '../../../src/transport/http2/limits.ts';
import type { GrpcServer } from '../../../src/transport/server-port.ts';
import { echo, expectThrown } from './echo.ts';

interface Teardown {
  teardown(fn: () => unknown): void;
}

/** A path for a socket, in a folder that is removed after the test. */
export async function socketPath(t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'criproxy-transport-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 's');
}

export async function listen(path: string, server: Server = createServer()): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

/** Our server on an own socket. */
export async function startServer(
  t: Teardown,
  service: Service = echo,
  limits: Partial<Limits> = {},
  report = expectThrown,
): Promise<{ path: string; server: GrpcServer; listener: Server }> {
  const path = await socketPath(t);
  const listener = await listen(path);
  const server = serve(listener, service, { limits, report });
  t.teardown(() => server.close(0));
  return { path, server, listener };
}

const identity = (bytes: Buffer): Buffer => bytes;

/** The outcome of a call of grpc-js. Metadata are `name=value`, `-bin` values in base64. */
export interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Buffer[];
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
}

/** grpc-js as a client that knows no protobuf. */
export class ForeignClient {
  readonly client: grpc.Client;

  constructor(t: Teardown, path: string, options: grpc.ChannelOptions = {}) {
    this.client = new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      ...options,
    });
    t.teardown(() => this.client.close());
  }

  unary(
    path: string,
    request: Buffer,
    metadata = new grpc.Metadata(),
    options: grpc.CallOptions = {},
  ): Promise<Outcome> {
    const messages: Buffer[] = [];
    return outcome(
      messages,
      this.client.makeUnaryRequest(path, identity, identity, request, metadata, options, (_error, message) => {
        if (message !== undefined) messages.push(message);
      }),
    );
  }

  bidi(path: string, metadata = new grpc.Metadata()): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest(path, identity, identity, metadata, {});
  }
}

/** Waits for the end of a call. The messages of a stream are collected in `messages`. */
export function outcome(messages: Buffer[], call: grpc.ClientUnaryCall): Promise<Outcome> {
  let headers: string[] = [];
  call.on('metadata', metadata => {
    headers = list(metadata);
  });
  call.on('data', message => messages.push(message));
  call.on('error', () => {});
  return new Promise(resolve => {
    call.on('status', status => {
      // The callback of a unary call may come after its status.
      setImmediate(() =>
        resolve({ code: status.code, details: status.details, messages, headers, trailers: list(status.metadata) }),
      );
    });
  });
}

function list(metadata: grpc.Metadata): string[] {
  return Object.keys(metadata.getMap())
    .filter(name => !['content-type', 'accept-encoding'].includes(name))
    .flatMap(name =>
      metadata.get(name).map(value => `${name}=${Buffer.isBuffer(value) ? value.toString('base64') : value}`),
    );
}

/** CallOptions of a call that begins here. */
export function callOptions(metadata: Metadata = [], timeout?: number, signal?: AbortSignal): CallOptions {
  return {
    metadata,
    deadline: timeout === undefined ? undefined : performance.now() + timeout,
    signal: signal ?? new AbortController().signal,
  };
}

/** grpc-js as a server of unary methods and streams, by path. */
export async function startForeignServer(
  t: Teardown,
  methods: Record<
    string,
    grpc.handleUnaryCall<Buffer, Buffer> | { stream: grpc.handleBidiStreamingCall<Buffer, Buffer> }
  >,
): Promise<{ path: string; server: grpc.Server }> {
  const path = await socketPath(t);
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  for (const [name, method] of Object.entries(methods)) {
    if (typeof method === 'function') server.register(name, method, identity, identity, 'unary');
    else server.register(name, method.stream, identity, identity, 'bidi');
  }
  await new Promise<void>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync(`unix:${path}`, credentials, error => (error ? reject(error) : resolve()));
  });
  t.teardown(() => server.forceShutdown());
  return { path, server };
}
