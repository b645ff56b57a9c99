import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';

/** Milliseconds of each unit of `grpc-timeout` (grpc doc/PROTOCOL-HTTP2.md). */
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The largest value: eight digits. */
const maxValue = 99_999_999;

/** Reads `grpc-timeout` in milliseconds; undefined if it is malformed. */
export function parseTimeout(text: string): number | undefined {
  const unit = units[text.charAt(text.length - 1)];
  const digits = text.length - 1;
  if (unit === undefined || digits < 1 || digits > 8) return undefined;
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value * unit;
}

/** Writes `grpc-timeout` for a positive number of milliseconds. It is rounded up, so that the callee does not give up first. */
export function formatTimeout(ms: number): string {
  const micros = Math.ceil(ms * 1000);
  if (micros <= maxValue) return `${micros}u`;
  if (ms <= maxValue) return `${Math.ceil(ms)}m`;
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= maxValue) return `${seconds}S`;
  return `${Math.min(maxValue, Math.ceil(seconds / 3600))}H`;
}

/** The error of a call whose deadline has passed, in grpc-go's words. `why`: the cause of the wait. */
export function tooLate(why?: string): ProxyError {
  const text = 'context deadline exceeded';
  return new ProxyError(Code.DeadlineExceeded, why === undefined ? text : `${text}: ${why}`);
}
