import type { CallOptions, Method, Reply, Service } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { Quota } from '../../base/quota.ts';
import { laterStream } from '../../base/reply-stream.ts';
import { endpoints } from '../../cri/translate/method-spec.ts';
import type { AccessRules } from './access-rules.ts';
import { allowedMethods } from './allowed-methods.ts';
import { type Narrowing, narrowing } from './narrowing.ts';
import { restrictedStream } from './restricted-stream.ts';
import { StreamPlaces } from './stream-places.ts';

/** A service under rules that can be replaced. */
export interface Restricted {
  readonly service: Service;
  /** Other rules are in force: streams under these end with Unavailable instead of their next message. */
  revoke(): void;
}

/** How long a call beyond the rate waits for its refusal, in ms. */
const PAUSE = 100;

/** Streams of events of all clients together: each looks at each event, and may have to ask the lists whose it is. */
const EVENT_STREAMS = 16;

/** Undefined for a call that is allowed now; else a rejection with the reason. */
type Admit = (name: string) => Promise<never> | undefined;

type Unary = (request: Buffer, options: CallOptions) => Promise<Reply>;

/** The part of a service that these rules allow. Methods that are not of CRI are refused, as a new one may do anything. */
export function restrictedService(service: Service, rules: AccessRules): Restricted {
  const { socket, rate } = rules;
  const bucket = rate === undefined ? undefined : new Quota(Math.max(1, rate), rate);
  const allowed = allowedMethods(rules.allow);
  const narrow = narrowing(service, rules);
  const followers = new StreamPlaces(EVENT_STREAMS, `event streams on ${socket}`);
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
        restrictedStream(
          method,
          { admit: () => admit(name), check, places: endpoint.method.route === 'events' ? followers : undefined },
          narrow(endpoint),
        ),
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
