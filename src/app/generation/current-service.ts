import type { Method, Service } from '../../base/call.ts';
import { endpoints } from '../../cri/translate/method-spec.ts';

/**
 * CRI as it is served now: a call is served by the service that `current` gives when its request has come, which may be later than its
 * head.
 */
export function currentService(current: () => Service): Service {
  const served = new Map<string, Method>();
  for (const [path, { method }] of endpoints()) {
    served.set(path, method.streams ? laterStream(path, current) : laterUnary(path, current));
  }
  return path => served.get(path) ?? current()(path);
}

function laterUnary(path: string, current: () => Service): Method {
  return {
    kind: 'unary',
    handle: (request, options) => (current()(path) as Method & { kind: 'unary' }).handle(request, options),
  };
}

function laterStream(path: string, current: () => Service): Method {
  return {
    kind: 'stream',
    handle: (requests, options) => (current()(path) as Method & { kind: 'stream' }).handle(requests, options),
  };
}
