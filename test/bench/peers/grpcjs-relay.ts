import * as grpc from '@grpc/grpc-js';

/**
 * The least work that a proxy on @grpc/grpc-js can do: `grpcjs-relay.ts LISTEN CONNECT` hands unary calls on as they are. The savings of
 * a transport of our own are measured against it.
 */
const [listen, connect] = process.argv.slice(2) as [string, string];
const identity = (octets: Buffer): Buffer => octets;
const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const client = new grpc.Client(`unix:${connect}`, grpc.credentials.createInsecure(), options);
const server = new grpc.Server(options);
for (const method of ['Version', 'ContainerStatus', 'ListContainers']) {
  const path = `/runtime.v1.RuntimeService/${method}`;
  const relay: grpc.handleUnaryCall<Buffer, Buffer> = (call, answer) => {
    const outgoing = client.makeUnaryRequest(
      path,
      identity,
      identity,
      call.request,
      call.metadata,
      { deadline: call.getDeadline() },
      answer,
    );
    call.on('cancelled', () => outgoing.cancel());
  };
  server.register(path, relay, identity, identity, 'unary');
}
server.bindAsync(`unix:${listen}`, grpc.ServerCredentials.createInsecure(), () => {});
