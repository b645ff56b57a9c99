import * as grpc from '@grpc/grpc-js';
import { criTypes, type Message } from './cri-types.ts';
import { methodFact, methodPath, type Package } from './facts.ts';

const maxMessage = 64 * 1024 * 1024;

export interface AskOptions {
  metadata?: Record<string, string | Buffer | (string | Buffer)[]>;
  /** Milliseconds from now; without it the call has no deadline. */
  deadline?: number;
  /** Cancels the call when aborted. */
  signal?: AbortSignal;
}

/** The end of a call with any status, OK included. `response` is undefined when none came. */
export interface Outcome<T> {
  readonly code: grpc.status;
  readonly details: string;
  readonly response: T | undefined;
  readonly headers: grpc.Metadata;
  readonly trailers: grpc.Metadata;
}

export interface MessageStream<T> extends AsyncIterable<T> {
  /** Never rejects; resolves when the stream has been read to its end, failed or was cancelled. */
  readonly outcome: Promise<Outcome<never>>;
  cancel(): void;
}

/** A CRI client that uses nothing but the fact tables. */
export interface CriClient {
  readonly package: Package;
  /** The response with defaults filled in. Rejects with grpc-js's ServiceError (code, details, metadata). */
  call(method: string, request?: Message, options?: AskOptions): Promise<Message>;
  /** Like call, but with headers and trailers, and it never rejects for a status. */
  ask(method: string, request?: Message, options?: AskOptions): Promise<Outcome<Message>>;
  /** A server stream; iteration throws the ServiceError for a status other than OK. */
  stream(method: string, request?: Message, options?: AskOptions): MessageStream<Message>;
  /** `path` is a whole gRPC path; the bytes go out and come back as they are. Never rejects for a status. */
  raw(path: string, request: Buffer, options?: AskOptions): Promise<Outcome<Buffer>>;
  rawStream(path: string, request: Buffer, options?: AskOptions): MessageStream<Buffer>;
  close(): void;
}

const identity = (bytes: Buffer): Buffer => bytes;

/** Does not wait for the server; a call does. `authority` is the `:authority` to send (grpc-js: `localhost`). */
export function connect(
  socketPath: string,
  pkg: Package = 'runtime.v1',
  { authority }: { authority?: string } = {},
): CriClient {
  const channel = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    // grpc-js shares connections between clients of a process; a test's client has its own.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 200,
    ...(authority !== undefined && { 'grpc.default_authority': authority }),
  });
  const types = criTypes(pkg);
  const raw: CriClient['raw'] = (path, request, options = {}) => askUnary(channel, path, request, options);
  const rawStream: CriClient['rawStream'] = (path, request, options = {}) => {
    const { metadata, callOptions } = prepare(options);
    return readStream(
      channel.makeServerStreamRequest(path, identity, identity, request, metadata, callOptions),
      options,
    );
  };
  const ask: CriClient['ask'] = async (method, request = {}, options) => {
    const fact = methodFact(method);
    const outcome = await raw(methodPath(method, pkg), types.encode(fact.request, request), options);
    const response = outcome.response && types.decode(fact.response, outcome.response, { defaults: true });
    return { ...outcome, response };
  };
  return {
    package: pkg,
    raw,
    rawStream,
    ask,
    async call(method, request, options) {
      const { code, details, response, trailers } = await ask(method, request, options);
      if (code === grpc.status.OK && response) return response;
      const error = new Error(`${method}: ${grpc.status[code] ?? code}: ${details}`);
      throw Object.assign(error, { code, details, metadata: trailers }) satisfies grpc.ServiceError;
    },
    stream(method, request = {}, options) {
      const fact = methodFact(method);
      const bytes = rawStream(methodPath(method, pkg), types.encode(fact.request, request), options);
      return {
        outcome: bytes.outcome,
        cancel: bytes.cancel,
        async *[Symbol.asyncIterator]() {
          for await (const message of bytes) yield types.decode(fact.response, message, { defaults: true });
        },
      };
    },
    close: () => channel.close(),
  };
}

function prepare({ metadata = {}, deadline }: AskOptions): { metadata: grpc.Metadata; callOptions: grpc.CallOptions } {
  const out = new grpc.Metadata();
  for (const [name, value] of Object.entries(metadata)) for (const item of [value].flat()) out.add(name, item);
  // The call waits for a runtime that is just starting, as the kubelet's own blocking dial does.
  out.setOptions({ waitForReady: deadline !== undefined });
  return { metadata: out, callOptions: deadline === undefined ? {} : { deadline: Date.now() + deadline } };
}

function askUnary(channel: grpc.Client, path: string, request: Buffer, options: AskOptions): Promise<Outcome<Buffer>> {
  const { metadata, callOptions } = prepare(options);
  return new Promise(resolve => {
    let headers = new grpc.Metadata();
    let response: Buffer | undefined;
    const call = channel.makeUnaryRequest(path, identity, identity, request, metadata, callOptions, (_error, value) => {
      response = value;
    });
    call.on('metadata', (received: grpc.Metadata) => {
      headers = received;
    });
    // The status comes after the callback.
    call.on('status', ({ code, details, metadata: trailers }: grpc.StatusObject) =>
      resolve({ code, details, response, headers, trailers }),
    );
    abortWith(options.signal, call);
  });
}

function readStream(call: grpc.ClientReadableStream<Buffer>, options: AskOptions): MessageStream<Buffer> {
  let headers = new grpc.Metadata();
  call.on('metadata', (received: grpc.Metadata) => {
    headers = received;
  });
  const outcome = new Promise<Outcome<never>>(resolve => {
    call.on('status', ({ code, details, metadata: trailers }: grpc.StatusObject) =>
      resolve({ code, details, response: undefined, headers, trailers }),
    );
  });
  // The status that an 'error' brings is in `outcome` too; a reader that never iterates must not crash the process.
  call.on('error', () => undefined);
  abortWith(options.signal, call);
  return { outcome, cancel: () => call.cancel(), [Symbol.asyncIterator]: () => call[Symbol.asyncIterator]() };
}

function abortWith(signal: AbortSignal | undefined, call: { cancel(): void }): void {
  if (signal?.aborted) call.cancel();
  signal?.addEventListener('abort', () => call.cancel(), { once: true });
}
