import { gunzip as inflate } from 'node:zlib';
import { Code } from '../../../base/codes.ts';
import { ProxyError } from '../../../base/error.ts';
import type { MemoryAccount } from '../../../base/memory-account.ts';
import { tooLarge } from './message-reader.ts';

/**
 * Decompresses one message. `encoding` is the stream's grpc-encoding; `account` pays for the result meanwhile. Rejects with a
 * ProxyError: ResourceExhausted above `maxSize` bytes or above the account's limit, Unimplemented for an unknown encoding.
 */
export async function decompress(
  message: Buffer,
  encoding: string,
  maxSize: number,
  account: MemoryAccount,
): Promise<Buffer> {
  if (encoding !== 'gzip') throw unknownEncoding(encoding);
  const claimed = claimedSize(message);
  if (claimed <= maxSize) {
    const plain = await inflateHeld(message, claimed, account).catch((fault: NodeJS.ErrnoException) => {
      if (fault.code !== TOO_LARGE) throw gunzipError(fault, maxSize);
      // A message of several gzip members gives the length of its last member only.
      return undefined;
    });
    if (plain !== undefined) return plain;
  }
  return inflateHeld(message, maxSize, account).catch(fault => Promise.reject(gunzipError(fault, maxSize)));
}

const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/** ISIZE, the length in gzip's last four octets (RFC 1952 section 2.3.1); at least 1, since zlib accepts no bound of 0. */
function claimedSize(message: Buffer): number {
  return message.length < 4 ? 1 : Math.max(1, message.readUInt32LE(message.length - 4));
}

async function inflateHeld(message: Buffer, size: number, account: MemoryAccount): Promise<Buffer> {
  if (!account.take(size)) throw tooLarge();
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      inflate(message, { maxOutputLength: size }, (error, plain) => (error === null ? resolve(plain) : reject(error)));
    });
  } finally {
    account.give(size);
  }
}

function unknownEncoding(encoding: string): ProxyError {
  if (encoding === '' || encoding === 'identity') {
    return new ProxyError(Code.Internal, 'a compressed message without grpc-encoding');
  }
  const trailers: [string, string][] = [['grpc-accept-encoding', 'identity,gzip']];
  return new ProxyError(Code.Unimplemented, `grpc-encoding ${encoding} is not supported`, { trailers });
}

function gunzipError(error: NodeJS.ErrnoException | ProxyError, maxSize: number): ProxyError {
  if (error instanceof ProxyError) return error;
  if (error.code !== TOO_LARGE) {
    return new ProxyError(Code.Internal, `a compressed message is damaged: ${error.message}`, { cause: error });
  }
  return new ProxyError(Code.ResourceExhausted, `message is larger than ${maxSize} bytes when decompressed`);
}
