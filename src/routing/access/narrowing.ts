import type { CallOptions, Service } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { redact } from '../../cri/show/redact.ts';
import { fieldsOf } from '../../cri/tables/schema.ts';
import type { Endpoint } from '../../cri/translate/method-spec.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { AccessRules } from './access-rules.ts';
import { ownAnswer } from './own-answers.ts';
import { OwnPods, ownNamespace } from './own-pods.ts';
import { ownRequest } from './own-requests.ts';

/** Narrows one call: both functions reject for what is not allowed. */
export interface Narrowing {
  request(request: Buffer): Promise<Buffer>;
  /** Undefined: the message is left out. */
  answer(answer: Buffer): Promise<Buffer | undefined>;
}

/** Undefined where the rules change nothing in calls that they allow. */
export function narrowing(
  service: Service,
  rules: AccessRules,
): (endpoint: Endpoint) => (options: CallOptions) => Narrowing | undefined {
  const { namespaces, redact: redacts } = rules;
  const isOwn = namespaces === undefined ? undefined : ownNamespace(namespaces);
  return endpoint => options => {
    if (isOwn === undefined && !redacts) return undefined;
    const pods = isOwn && new OwnPods(service, endpoint.client, options, isOwn);
    return {
      request: request =>
        pods === undefined || isOwn === undefined
          ? Promise.resolve(request)
          : wellFormed(Code.InvalidArgument, () => ownRequest(endpoint, rules, request, pods, isOwn)),
      answer: answer =>
        wellFormed(Code.Internal, async () => {
          const own = pods === undefined ? answer : await ownAnswer(endpoint.method, answer, pods);
          return redacts && own !== undefined ? redactAnswer(endpoint, own) : own;
        }),
    };
  };
}

/** A streaming URL is all of its answer, and of no use without its token. */
function redactAnswer({ method, client }: Endpoint, answer: Buffer): Buffer {
  if (fieldsOf(method.response).some(({ kind }) => kind === 'url')) return answer;
  const redacted = redact(method.response, client, answer);
  if (redacted === undefined) throw new ProxyError(Code.Internal, `criproxy: malformed answer of ${method.name}`);
  return redacted;
}

/** Rejects with `code` for a message that cannot be read. */
async function wellFormed<T>(code: Code, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (fault) {
    if (fault instanceof WireError) throw new ProxyError(code, `criproxy: malformed message: ${fault.message}`);
    throw fault;
  }
}
