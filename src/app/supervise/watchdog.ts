import type { Logger } from '../../base/logger.ts';

export interface WatchdogOptions {
  /** How long nothing may be heard of the proxy, in ms. */
  readonly patience: number;
  /** Rejects if the proxy does not serve, at the latest after `timeout` ms, a whole number. */
  readonly check: (timeout: number) => Promise<void>;
  readonly alive: () => void;
  readonly log: Logger;
}

/**
 * Gives a sign of life three times in each `patience`, each time after a check that went well: an event loop that stands still gives
 * none either. Returns a function that ends it.
 */
export function startWatchdog({ patience, check, alive, log }: WatchdogOptions): () => void {
  // Whole: timers and signals take no fractions.
  const pause = Math.max(1, Math.floor(patience / 3));
  let isChecking = false;
  const look = async () => {
    if (isChecking) return;
    isChecking = true;
    try {
      await check(pause);
      alive();
    } catch (fault) {
      log.warn(`criproxy does not answer itself, and gives systemd no sign of life: ${(fault as Error).message}`);
    } finally {
      isChecking = false;
    }
  };
  const timer = setInterval(() => void look(), pause).unref();
  return () => clearInterval(timer);
}
