import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { CallOptions, Method, Service } from '../base/call.ts';
import { ProxyError } from '../base/error.ts';
import { fromGrpc, toGrpc } from './grpcjs-metadata.ts';
import { MAX_MESSAGE } from './limits.ts';
import type { GrpcServer } from './server-port.ts';

const identity = (bytes: Buffer): Buffer => bytes;

type Call = ServerUnaryCall<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** Serves the given paths on a unix socket over @grpc/grpc-js. */
export async function serveGrpcJs(socketPath: string, paths: Iterable<string>, service: Service): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE,
    'grpc.max_send_message_length': MAX_MESSAGE,
  });
  const streams = new Set<AbortController>();
  for (const path of paths) {
    const method = service(path)!;
    const definition = {
      path,
      requestStream: method.kind === 'stream',
      responseStream: method.kind === 'stream',
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    const name = path.slice(1);
    server.addService(
      { [name]: definition },
      { [name]: method.kind === 'unary' ? unaryHandler(method) : streamHandler(method, streams) },
    );
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), error =>
      error === null ? resolve() : reject(error),
    );
  });
  return {
    close(grace) {
      return new Promise(resolve => {
        const timer = setTimeout(() => server.forceShutdown(), grace);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
        for (const stream of streams) stream.abort();
      });
    },
  };
}

function callOptions(call: Call, controller: AbortController): CallOptions {
  call.on('cancelled', () => controller.abort());
  const deadline = call.getDeadline();
  const end = deadline instanceof Date ? deadline.getTime() : deadline;
  return {
    metadata: fromGrpc(call.metadata),
    deadline: Number.isFinite(end) ? performance.now() + end - Date.now() : undefined,
    signal: controller.signal,
  };
}

function unaryHandler(method: Extract<Method, { kind: 'unary' }>) {
  return (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    method.handle(call.request, callOptions(call, new AbortController())).then(
      reply => {
        call.sendMetadata(toGrpc(reply.headers));
        answer(null, reply.message, toGrpc(reply.trailers));
      },
      fault => {
        const error = ProxyError.from(fault);
        if (error.headers.length > 0) call.sendMetadata(toGrpc(error.headers));
        answer({ code: error.code, details: error.message, metadata: toGrpc(error.trailers) });
      },
    );
  };
}

function streamHandler(method: Extract<Method, { kind: 'stream' }>, streams: Set<AbortController>) {
  return async (call: ServerDuplexStream<Buffer, Buffer>): Promise<void> => {
    const controller = new AbortController();
    streams.add(controller);
    const reply = method.handle(call, callOptions(call, controller));
    reply.headers.then(headers => call.sendMetadata(toGrpc(headers))).catch(() => {});
    try {
      for await (const message of reply) {
        if (!call.write(message)) await new Promise(resolve => call.once('drain', resolve));
      }
      call.end(toGrpc(reply.trailers));
    } catch (fault) {
      const error = ProxyError.from(fault);
      call.emit('error', { code: error.code, details: error.message, metadata: toGrpc(error.trailers) });
    } finally {
      streams.delete(controller);
    }
  };
}
