import { gunzip as inflate } from 'node:zlib';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';

/**
 * Undoes the compression of one message, whose `encoding` is the stream's grpc-encoding. Rejects with a ProxyError:
 * ResourceExhausted above `maxSize` bytes, Unimplemented for an encoding that we do not know.
 */
export function decompress(message: Buffer, encoding: string, maxSize: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (encoding !== 'gzip') {
      reject(unknownEncoding(encoding));
      return;
    }
    inflate(message, { maxOutputLength: maxSize }, (error, plain) => {
      if (error === null) resolve(plain);
      else reject(gunzipError(error, maxSize));
    });
  });
}

function unknownEncoding(encoding: string): ProxyError {
  if (encoding === '' || encoding === 'identity') {
    return new ProxyError(Code.Internal, 'a compressed message without grpc-encoding');
  }
  const trailers: [string, string][] = [['grpc-accept-encoding', 'identity,gzip']];
  return new ProxyError(Code.Unimplemented, `grpc-encoding ${encoding} is not supported`, { trailers });
}

function gunzipError(error: NodeJS.ErrnoException, maxSize: number): ProxyError {
  if (error.code !== 'ERR_BUFFER_TOO_LARGE') {
    return new ProxyError(Code.Internal, `a compressed message is damaged: ${error.message}`, { cause: error });
  }
  return new ProxyError(Code.ResourceExhausted, `message is larger than ${maxSize} bytes when decompressed`);
}
