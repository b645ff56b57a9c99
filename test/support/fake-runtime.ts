import { rm } from 'node:fs/promises';
import * as grpc from '@grpc/grpc-js';
import { criTypes, type Message } from './cri-types.ts';
import { type MethodFact, methodFact, methodPath, methods, type Package } from './facts.ts';

/** One call as the runtime got it. */
export interface JournalEntry {
  readonly path: string;
  readonly package: Package;
  readonly method: string;
  readonly request: Buffer;
  readonly metadata: grpc.Metadata;
  /** `:authority`. */
  readonly authority: string;
  /** The time at which the caller stops waiting, as a Date's milliseconds; Infinity without a deadline. */
  readonly deadline: number;
  /** Resolves when the caller has cancelled, gone away, or its deadline has passed; else never. */
  readonly cancelled: Promise<void>;
}

export interface Failure {
  readonly code: grpc.status;
  readonly message: string;
  readonly headers?: MetadataRecord;
  readonly trailers?: MetadataRecord;
}

/** A response with metadata around it. */
export interface Success {
  readonly response: Buffer;
  readonly headers?: MetadataRecord;
  readonly trailers?: MetadataRecord;
}

export type MetadataRecord = Readonly<Record<string, string | Buffer>>;
export type UnaryAnswer = Buffer | Success | Failure | 'hang';
export type StreamAnswer = Iterable<Buffer> | AsyncIterable<Buffer> | Failure | 'hang';
type Answer = UnaryAnswer | StreamAnswer;
export type AnswerTable = Record<
  string,
  Answer | ((request: Buffer, call: JournalEntry) => Answer | Promise<Answer>) | undefined
>;

export interface FakeRuntime {
  readonly socketPath: string;
  /** Every call in the order of arrival; tests may empty it. */
  readonly journal: JournalEntry[];
  /** Answers by method name. The next call sees a change. A method without a row is Unimplemented; Version is always answered. */
  readonly answers: AnswerTable;
  /** The journal's entries of one method. */
  asked(method: string): JournalEntry[];
  /** Ends every connection at once and removes the socket. */
  stop(): Promise<void>;
  /** After stop: the same socket, journal and answers again. */
  start(): Promise<void>;
}

/** A row of the table that answers in the caller's own package; `build` may throw a Failure. */
export function answerWith(
  build: Message | ((request: Message) => Message | Promise<Message>),
): (request: Buffer, call: JournalEntry) => Promise<Buffer> {
  return async (request, { package: pkg, method }) => {
    const fact = methodFact(method);
    const types = criTypes(pkg);
    const message = typeof build === 'function' ? await build(types.decode(fact.request, request)) : build;
    return types.encode(fact.response, message);
  };
}

const defaultVersion = answerWith({
  version: '0.1.0',
  runtime_name: 'fake',
  runtime_version: '1.2.3',
  runtime_api_version: 'v1',
});

/**
 * A runtime that handles only bytes: a gRPC server on a unix socket with the chosen API packages and, in each, the
 * methods that the fact tables give it.
 */
export async function startFakeRuntime(options: {
  socketPath: string;
  packages?: readonly Package[];
  answers?: AnswerTable;
}): Promise<FakeRuntime> {
  const { socketPath, packages = ['runtime.v1alpha2', 'runtime.v1'], answers = {} } = options;
  const journal: JournalEntry[] = [];
  let server: grpc.Server | undefined;
  const runtime: FakeRuntime = {
    socketPath,
    journal,
    answers,
    asked: method => journal.filter(entry => entry.method === method),
    async stop() {
      server?.forceShutdown();
      server = undefined;
      await rm(socketPath, { force: true });
    },
    async start() {
      await runtime.stop();
      const next = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
      for (const fact of methods) {
        for (const pkg of packages) if (fact.packages.includes(pkg)) register(next, fact, pkg, journal, answers);
      }
      await new Promise<void>((resolve, reject) => {
        const credentials = grpc.ServerCredentials.createInsecure();
        next.bindAsync(`unix:${socketPath}`, credentials, error => (error ? reject(error) : resolve()));
      });
      server = next;
    },
  };
  await runtime.start();
  return runtime;
}

const identity = (bytes: Buffer): Buffer => bytes;

function register(
  server: grpc.Server,
  fact: MethodFact,
  pkg: Package,
  journal: JournalEntry[],
  answers: AnswerTable,
): void {
  const path = methodPath(fact.method, pkg);
  const answerOf = async (call: AnyCall): Promise<Answer> => {
    const entry = noteCall(call, path, fact.method, pkg);
    journal.push(entry);
    const row = answers[fact.method] ?? (fact.method === 'Version' ? defaultVersion : undefined);
    if (row === undefined) return { code: grpc.status.UNIMPLEMENTED, message: `unknown method ${fact.method}` };
    return typeof row === 'function' ? await row(call.request, entry) : row;
  };
  if (fact.serverStream) {
    const handle = (call: grpc.ServerWritableStream<Buffer, Buffer>) =>
      void answerOf(call)
        .then(answer => writeStream(call, answer))
        .catch((error: unknown) => call.emit('error', statusOf(error)));
    server.register(path, handle as grpc.handleServerStreamingCall<Buffer, Buffer>, identity, identity, 'serverStream');
  } else {
    const handle: grpc.handleUnaryCall<Buffer, Buffer> = (call, callback) =>
      void answerOf(call)
        .then(answer => sendUnary(call, callback, answer))
        .catch((error: unknown) => callback(statusOf(error)));
    server.register(path, handle, identity, identity, 'unary');
  }
}

type AnyCall = grpc.ServerUnaryCall<Buffer, Buffer> | grpc.ServerWritableStream<Buffer, Buffer>;

function noteCall(call: AnyCall, path: string, method: string, pkg: Package): JournalEntry {
  return {
    path,
    package: pkg,
    method,
    request: call.request,
    metadata: call.metadata,
    authority: call.getHost(),
    deadline: Number(call.getDeadline()),
    cancelled: new Promise(resolve => call.on('cancelled', () => resolve())),
  };
}

function sendUnary(call: AnyCall, callback: grpc.sendUnaryData<Buffer>, answer: Answer): void {
  if (answer === 'hang') return;
  if (Buffer.isBuffer(answer)) {
    callback(null, answer);
  } else if ('response' in answer) {
    if (answer.headers) call.sendMetadata(toMetadata(answer.headers));
    callback(null, answer.response, toMetadata(answer.trailers));
  } else if (isFailure(answer)) {
    if (answer.headers) call.sendMetadata(toMetadata(answer.headers));
    callback(statusOf(answer));
  } else {
    throw new Error('fake runtime: a list of messages answers a unary call');
  }
}

async function writeStream(call: grpc.ServerWritableStream<Buffer, Buffer>, answer: Answer): Promise<void> {
  if (answer === 'hang') return;
  if (isFailure(answer)) {
    if (answer.headers) call.sendMetadata(toMetadata(answer.headers));
    call.emit('error', statusOf(answer));
    return;
  }
  if (Buffer.isBuffer(answer) || 'response' in answer)
    throw new Error('fake runtime: a single message answers a stream');
  for await (const message of answer) {
    if (call.cancelled) return;
    if (!call.write(message)) await new Promise(resolve => call.once('drain', resolve));
  }
  call.end();
}

function isFailure(answer: object): answer is Failure {
  return 'code' in answer;
}

/** grpc-js takes the text of the status from `details`. A thrown Failure ends a stream after the messages so far. */
function statusOf(error: unknown): grpc.ServiceError {
  const failure = typeof error === 'object' && error !== null && isFailure(error) ? error : undefined;
  const details = failure?.message ?? String(error);
  const code = failure?.code ?? grpc.status.UNKNOWN;
  return Object.assign(new Error(details), { code, details, metadata: toMetadata(failure?.trailers) });
}

function toMetadata(record: MetadataRecord = {}): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(record)) metadata.set(name, value);
  return metadata;
}
