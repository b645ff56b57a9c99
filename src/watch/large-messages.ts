import type { Logger } from '../base/logger.ts';

/** The largest message that kubelet and containerd take: 16 MiB (kubelet pkg/kubelet/cri/remote/utils maxMsgSize). */
const MESSAGE_LIMIT = 16 * 1024 * 1024;

/** The size from which a message is near the limit, in bytes: 12.8 MiB. */
export const LARGE_MESSAGE = MESSAGE_LIMIT * 0.8;

/** How long after a warning of the same kind the next may come, in ms. */
const QUIET = 3_600_000;

/** Warns of messages that come near the limit: an hour of them is one line for each method and direction. */
export class LargeMessages {
  private readonly log: Logger;
  private readonly saidAt = new Map<string, number>();

  constructor(log: Logger) {
    this.log = log;
  }

  /** `now` in ms, on any clock. `method` is one of a few names. */
  warn(method: string, direction: 'request' | 'response', bytes: number, now: number = performance.now()): void {
    const key = `${method} ${direction}`;
    const said = this.saidAt.get(key);
    if (said !== undefined && now - said < QUIET) return;
    this.saidAt.set(key, now);
    const size = `a ${direction} of ${method} has ${(bytes / 1024 / 1024).toFixed(1)} MiB`;
    const remedy = /^(?:List|Stream)/.test(method)
      ? 'remove exited containers, pods and images that are not needed, or lower their limits in the kubelet'
      : 'look at who makes it so large';
    this.log.warn(`${size}: kubelet and containerd refuse messages of more than 16 MiB; ${remedy}`);
  }
}
