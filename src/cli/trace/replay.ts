import { setTimeout as sleep } from 'node:timers/promises';
import type * as Grpc from '@grpc/grpc-js';
import { codeName } from '../../base/codes.ts';
import { globMatcher } from '../../base/glob.ts';
import { Level } from '../../base/log-level.ts';
import { itemId } from '../../cri/read/listing.ts';
import { type Endpoint, endpoints } from '../../cri/translate/method-spec.ts';
import { replaceIds } from '../../cri/translate/replace-ids.ts';
import type { RecordedCall } from './recording.ts';

export interface ReplayOptions {
  /** A path. */
  readonly socket: string;
  /** Divides the time between calls; undefined: none is kept. */
  readonly speed: number | undefined;
  /** Of one call, in ms. */
  readonly timeout: number;
}

/** A call that was sent again. */
export interface Replayed {
  readonly call: RecordedCall;
  readonly code: string;
  readonly message: string;
  readonly ms: number;
}

const known = endpoints();

/** The method's name in a gRPC path. */
export function methodOf({ path }: RecordedCall): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The calls that can be replayed: a stream of events has no end of its own. */
export function chooseCalls(calls: readonly RecordedCall[], only: string | undefined): RecordedCall[] {
  const isWanted = globMatcher(only ?? '*');
  return calls.filter(call => isWanted(methodOf(call)) && known.get(call.path)?.method.route !== 'events');
}

/** Whether a call may change something: a command in a container can do anything, and so can an unknown method. */
export function changes(call: RecordedCall): boolean {
  const method = known.get(call.path)?.method;
  return method === undefined || method.level === Level.Change || method.name === 'ExecSync';
}

/** Sends the calls one after the other, and tells how each ended. */
export async function* replay(calls: readonly RecordedCall[], options: ReplayOptions): AsyncGenerator<Replayed> {
  // Half of a program of its own: only where it is used.
  const grpc = await import('@grpc/grpc-js');
  const client = new grpc.Client(`unix:${options.socket}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0,
  });
  const ids = new Map<string, string>();
  const begin = performance.now() - (calls[0]?.at ?? 0) / (options.speed ?? 1);
  try {
    for (const call of calls) {
      const wait = options.speed === undefined ? 0 : begin + call.at / options.speed - performance.now();
      if (wait > 0) await sleep(wait);
      const endpoint = known.get(call.path);
      const recorded = Buffer.from(call.request, 'base64');
      const request = endpoint === undefined ? recorded : replaceIds(endpoint.method, recorded, ids);
      const sentAt = performance.now();
      const { error, message } = await send(grpc, client, call.path, endpoint, request, options.timeout);
      if (call.made !== undefined && error === null && message !== undefined) ids.set(call.made, itemId(message));
      yield {
        call,
        code: codeName(error?.code ?? grpc.status.OK),
        message: error?.details ?? '',
        ms: performance.now() - sentAt,
      };
    }
  } finally {
    client.close();
  }
}

interface Sent {
  readonly error: Grpc.ServiceError | null;
  readonly message: Buffer | undefined;
}

const identity = (bytes: Buffer): Buffer => bytes;

function send(
  grpc: typeof Grpc,
  client: Grpc.Client,
  path: string,
  endpoint: Endpoint | undefined,
  request: Buffer,
  timeout: number,
): Promise<Sent> {
  const options = { deadline: Date.now() + timeout };
  const metadata = new grpc.Metadata();
  return new Promise(resolve => {
    if (endpoint?.method.streams !== true) {
      client.makeUnaryRequest(path, identity, identity, request, metadata, options, (error, message) =>
        resolve({ error, message }),
      );
      return;
    }
    const stream = client.makeServerStreamRequest(path, identity, identity, request, metadata, options);
    stream.on('data', () => {});
    stream.on('error', error => resolve({ error: error as Grpc.ServiceError, message: undefined }));
    stream.on('end', () => resolve({ error: null, message: undefined }));
  });
}
