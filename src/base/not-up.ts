import { Code } from './codes.ts';
import { ProxyError } from './error.ts';

/** A call to a runtime that is not up. Unavailable, never NotFound: a kubelet takes NotFound for "it is gone". `name`: see runtimeName. */
export function notUp(name: string, reason: string): ProxyError {
  return new ProxyError(Code.Unavailable, `criproxy: ${name} is not up: ${reason}`);
}
