import type { CallOptions, Method, Reply, ReplyStream, RequestStream, Service } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { Quota } from '../../base/quota.ts';
import { laterStream, withMessages } from '../../base/reply-stream.ts';
import { redact } from '../../cri/show/redact.ts';
import { fieldsOf } from '../../cri/tables/schema.ts';
import { type Endpoint, endpoints } from '../../cri/translate/method-spec.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { AccessRules } from './access-rules.ts';
import { allowedMethods } from './allowed-methods.ts';
import { ownAnswer } from './own-answers.ts';
import { OwnPods, ownNamespace } from './own-pods.ts';
import { ownRequest } from './own-requests.ts';

/** A service under rules that can be replaced. */
export interface Restricted {
  readonly service: Service;
  /** Other rules are in force: streams under these end with Unavailable instead of their next message. */
  revoke(): void;
}

/** How long a call beyond the rate waits for its refusal, in ms. */
const PAUSE = 100;

/** Undefined for a call that is allowed now; else a rejection with the reason. */
type Admit = (name: string) => Promise<never> | undefined;

type Unary = (request: Buffer, options: CallOptions) => Promise<Reply>;

/** Narrows the calls of one method: both functions reject for what is not allowed. */
interface Narrowing {
  request(request: Buffer): Promise<Buffer>;
  /** Undefined: the message is left out. */
  answer(answer: Buffer): Promise<Buffer | undefined>;
}

/** The part of a service that these rules allow. Methods that are not of CRI are refused, as a new one may do anything. */
export function restrictedService(service: Service, rules: AccessRules): Restricted {
  const { socket, rate } = rules;
  const bucket = rate === undefined ? undefined : new Quota(Math.max(1, rate), rate);
  const allowed = allowedMethods(rules.allow);
  const narrow = narrowing(service, rules);
  let revoked = false;
  const admit: Admit = name => {
    if (bucket?.take() === false) {
      return pausing(new ProxyError(Code.ResourceExhausted, `criproxy: more than ${rate} calls a second on ${socket}`));
    }
    if (allowed.has(name)) return undefined;
    return Promise.reject(new ProxyError(Code.PermissionDenied, `criproxy: ${name} is not allowed on ${socket}`));
  };
  const check = () => {
    if (revoked) throw new ProxyError(Code.Unavailable, `criproxy: the rules of ${socket} have changed`);
  };
  const served = new Map<string, Method>();
  for (const [path, endpoint] of endpoints()) {
    const method = service(path);
    const { name } = endpoint.method;
    if (method?.kind === 'unary')
      served.set(
        path,
        unary(method, () => admit(name), narrow(endpoint)),
      );
    else if (method?.kind === 'stream')
      served.set(
        path,
        streaming(method, () => admit(name), check, narrow(endpoint)),
      );
  }
  return {
    service: path => served.get(path) ?? refused(() => admit(path)),
    revoke() {
      revoked = true;
    },
  };
}

function unary(
  method: Method & { kind: 'unary' },
  admit: () => Promise<never> | undefined,
  narrow: (options: CallOptions) => Narrowing | undefined,
): Method {
  const handle: Unary = async (request, options) => {
    await admit();
    const narrowed = narrow(options);
    if (narrowed === undefined) return method.handle(request, options);
    const reply = await method.handle(await narrowed.request(request), options);
    return { ...reply, message: (await narrowed.answer(reply.message)) ?? Buffer.alloc(0) };
  };
  return { kind: 'unary', handle };
}

function streaming(
  method: Method & { kind: 'stream' },
  admit: () => Promise<never> | undefined,
  check: () => void,
  narrow: (options: CallOptions) => Narrowing | undefined,
): Method {
  return {
    kind: 'stream',
    handle(requests: RequestStream, options: CallOptions): ReplyStream {
      const refusal = admit();
      if (refusal !== undefined) return laterStream(refusal);
      const narrowed = narrow(options);
      const reply = method.handle(requests, options);
      return withMessages(reply, async function* () {
        for await (const message of reply) {
          check();
          const kept = narrowed === undefined ? message : await narrowed.answer(message);
          if (kept !== undefined) yield kept;
        }
      });
    },
  };
}

/** A method that `admit` always rejects. It is a stream, so that nothing of its request is waited for. */
function refused(admit: () => Promise<never> | undefined): Method {
  return { kind: 'stream', handle: () => laterStream(admit()!) };
}

/** Rejects after a pause, in which the call holds one of the few streams of its client: so a client without patience has to wait. */
function pausing(fault: ProxyError): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(fault), PAUSE);
  });
}

/** Undefined where the rules change nothing in calls that they allow. */
function narrowing(
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
