import { Client, type ClientReadableStream, connectivityState, credentials, type ServiceError } from '@grpc/grpc-js';
import type { CallOptions, Metadata, Reply, ReplyStream, RequestStream } from '../base/call.ts';
import { ProxyError } from '../base/error.ts';
import { fromGrpc, toGrpc } from './grpcjs-metadata.ts';
import { MAX_MESSAGE } from './limits.ts';
import type { Dial, Session } from './session.ts';

const identity = (bytes: Buffer): Buffer => bytes;

/** A session over @grpc/grpc-js. */
export const dial: Dial = (path, timeout) =>
  new Promise((resolve, reject) => {
    const client = new Client(`unix:${path}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_MESSAGE,
      'grpc.max_send_message_length': MAX_MESSAGE,
      'grpc.use_local_subchannel_pool': 1,
    });
    client.waitForReady(Date.now() + timeout, error => {
      if (error === undefined) resolve(session(client));
      else {
        client.close();
        reject(error);
      }
    });
  });

function session(client: Client): Session {
  const channel = client.getChannel();
  const closed = new Promise<string>(resolve => {
    const watch = () =>
      channel.watchConnectivityState(connectivityState.READY, Number.POSITIVE_INFINITY, () => {
        if (channel.getConnectivityState(false) === connectivityState.READY) watch();
        else {
          client.close();
          resolve('connection lost');
        }
      });
    watch();
  });
  return {
    closed,
    close: () => client.close(),
    call: (path, request, options) => callUnary(client, path, request, options),
    stream: (path, requests, options) => openStream(client, path, requests, options),
  };
}

function grpcOptions(options: CallOptions): { deadline?: number } {
  return options.deadline === undefined ? {} : { deadline: Date.now() + options.deadline - performance.now() };
}

function callUnary(client: Client, path: string, request: Buffer, options: CallOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let headers: Metadata = [];
    let answer: Buffer | undefined;
    let failure: ServiceError | undefined;
    const call = client.makeUnaryRequest(
      path,
      identity,
      identity,
      request,
      toGrpc(options.metadata),
      grpcOptions(options),
      (error: ServiceError | null, message?: Buffer) => {
        failure = error ?? undefined;
        answer = message;
      },
    );
    const cancel = () => call.cancel();
    if (options.signal.aborted) cancel();
    options.signal.addEventListener('abort', cancel, { once: true });
    call.on('metadata', metadata => {
      headers = fromGrpc(metadata);
    });
    call.on('status', status => {
      options.signal.removeEventListener('abort', cancel);
      const trailers = fromGrpc(status.metadata);
      // The callback may come behind the status.
      setImmediate(() => {
        if (answer !== undefined) resolve({ message: answer, headers, trailers });
        else reject(new ProxyError(status.code, status.details, { headers, trailers, cause: failure }));
      });
    });
  });
}

function openStream(client: Client, path: string, requests: RequestStream, options: CallOptions): ReplyStream {
  const call = client.makeBidiStreamRequest(path, identity, identity, toGrpc(options.metadata), grpcOptions(options));
  const cancel = () => call.cancel();
  options.signal.addEventListener('abort', cancel, { once: true });
  if (options.signal.aborted) cancel();
  void send(call, requests);
  let trailers: Metadata = [];
  let headers: Metadata = [];
  const gotHeaders = new Promise<Metadata>(resolve => {
    call.on('metadata', metadata => {
      headers = fromGrpc(metadata);
      resolve(headers);
    });
    call.on('error', () => resolve([]));
    call.on('end', () => resolve([]));
  });
  call.on('status', status => {
    trailers = fromGrpc(status.metadata);
    options.signal.removeEventListener('abort', cancel);
  });
  return {
    headers: gotHeaders,
    get trailers() {
      return trailers;
    },
    async *[Symbol.asyncIterator]() {
      try {
        for await (const message of call as unknown as ClientReadableStream<Buffer>) yield message as Buffer;
      } catch (fault) {
        const error = fault as ServiceError;
        throw new ProxyError(error.code, error.details, { headers, trailers: fromGrpc(error.metadata), cause: fault });
      } finally {
        call.cancel();
      }
    },
  };
}

async function send(call: { write(message: Buffer): boolean; end(): void }, requests: RequestStream): Promise<void> {
  for await (const request of requests) call.write(request);
  call.end();
}
