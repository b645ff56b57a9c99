import type { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { WireError } from '../../wire/wire-error.ts';

/** What to throw for a fault that was met in reading `what`: an error with this code for bytes that are no message, else the fault. */
export function malformed(fault: unknown, code: Code, what: string): unknown {
  if (!(fault instanceof WireError)) return fault;
  return new ProxyError(code, `criproxy: ${what}: ${fault.message}`, { cause: fault });
}
