import { makeDial } from '../../src/transport/grpc/client/client.ts';

/** Connects with the program's own gRPC client. */
export const dial = makeDial({});
