import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { MethodSpec } from '../../cri/translate/method-spec.ts';
import { hasMethod, type Package, translation } from '../../cri/translate/packages.ts';
import { rewriter } from '../../cri/translate/rewrite.ts';
import { malformed } from '../asking/malformed.ts';
import { answerNames } from '../names/answer-names.ts';
import { type Naming, requestRewrites } from '../names/name-rewrites.ts';
import type { Runtime } from '../port/runtime.ts';

const nothing = Buffer.alloc(0);

/** The way of calls of one method, in the client's CRI API package, to one runtime, in the package that it serves. */
export interface Lane {
  readonly path: string;
  /** The request in the runtime's names and package. Throws InvalidArgument. */
  encode(request: Buffer): Buffer;
  /** The answer in the client's names and package; `request` as the client sent it. Throws Internal. */
  decode(answer: Buffer, request?: Buffer): Buffer;
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
      `criproxy: ${runtimeName(runtime.id)} has no ${method.name}: it serves ${served.join(', ')}, the method came with ${method.since}`,
    );
  }
  const encode = rewriter(method.request, { ...requestRewrites(runtime, naming), ...translation(client, server) });
  const decode = answerNames(method, runtime, naming, translation(server, client));
  return {
    path: `/${server}.${method.service}/${method.name}`,
    encode: guard(encode, Code.InvalidArgument, `malformed ${method.request}`),
    decode: guard(
      (answer, request = nothing) => decode(answer, request),
      Code.Internal,
      `${runtimeName(runtime.id)} sent a malformed ${method.response}`,
    ),
  };
}

function choosePackage(method: MethodSpec, client: Package, served: readonly string[]): Package | undefined {
  if (served.includes(client) && hasMethod(client, method.since)) return client;
  return (served as readonly Package[]).find(each => hasMethod(each, method.since));
}

function guard<A extends readonly unknown[]>(
  convert: (...given: A) => Buffer,
  code: Code,
  what: string,
): (...given: A) => Buffer {
  return (...given) => {
    try {
      return convert(...given);
    } catch (fault) {
      throw malformed(fault, code, what);
    }
  };
}
