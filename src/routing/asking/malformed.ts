import type { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { WireError } from '../../wire/wire-error.ts';

/** The error to throw for a fault in reading `what`: an error with this code for malformed bytes, else the fault itself. */
export function malformed(fault: unknown, code: Code, what: string): unknown {
  if (!(fault instanceof WireError)) return fault;
  return new ProxyError(code, `criproxy: ${what}: ${fault.message}`, { cause: fault });
}
