import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { MethodSpec } from '../cri/method-spec.ts';
import { hasMethod, type Package, translation } from '../cri/packages.ts';
import { rewriter } from '../cri/rewrite.ts';
import { lastResult } from './last-result.ts';
import { malformed } from './malformed.ts';
import { type Naming, requestRewrites, responseRewrites } from './name-rewrites.ts';
import type { Runtime } from './runtime.ts';
import { runtimeName } from './runtimes.ts';

/** How calls of one method, made in the client's CRI API package, reach one runtime in the package that it serves. */
export interface Lane {
  readonly path: string;
  /** The request in the runtime's names and package. Throws InvalidArgument. */
  encode(request: Buffer): Buffer;
  /** The answer in the client's names and package. Throws Internal. */
  decode(answer: Buffer): Buffer;
}

/** `served`: the packages of the runtime. Throws Unimplemented if none of them has the method. */
export function openLane(
  method: MethodSpec,
  client: Package,
  runtime: Runtime,
  served: readonly string[],
  naming: Naming,
): Lane {
  const server = choosePackage(method, client, served);
  if (server === undefined) {
    throw new ProxyError(
      Code.Unimplemented,
      `criproxy: the ${runtimeName(runtime)} has no ${method.name}: it serves ${served.join(', ')}, the method came with ${method.since}`,
    );
  }
  const encode = rewriter(method.request, { ...requestRewrites(runtime, naming), ...translation(client, server) });
  const rewrite = rewriter(method.response, {
    ...responseRewrites(runtime, naming),
    ...translation(server, client),
  });
  const decode = isList(method) ? lastResult(rewrite) : rewrite;
  return {
    path: `/${server}.${method.service}/${method.name}`,
    encode: guard(encode, Code.InvalidArgument, `malformed ${method.request}`),
    decode: guard(decode, Code.Internal, `the ${runtimeName(runtime)} sent a malformed ${method.response}`),
  };
}

/** Whose answers are the same for a long time. */
function isList({ route, streams }: MethodSpec): boolean {
  return !streams && (route === 'list' || route === 'images');
}

function choosePackage(method: MethodSpec, client: Package, served: readonly string[]): Package | undefined {
  if (served.includes(client) && hasMethod(client, method.since)) return client;
  return (served as readonly Package[]).find(each => hasMethod(each, method.since));
}

function guard(convert: (bytes: Buffer) => Buffer, code: Code, what: string): (bytes: Buffer) => Buffer {
  return bytes => {
    try {
      return convert(bytes);
    } catch (fault) {
      throw malformed(fault, code, what);
    }
  };
}
