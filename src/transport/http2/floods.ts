import { Quota } from '../../base/quota.ts';
import type { Limits } from './limits.ts';

/** What a peer may send that costs it nothing and us something. One for each connection. */
export class Floods {
  /** Streams that the peer resets, or that we have to reset or refuse. */
  readonly resets: Quota;
  readonly pings: Quota;
  readonly settings: Quota;
  /** Frames that move nothing. */
  readonly idleFrames: Quota;

  constructor(limits: Limits) {
    this.resets = new Quota(limits.resetBurst, limits.resetRate);
    this.pings = new Quota(limits.pingBurst, limits.pingRate);
    this.settings = new Quota(limits.settingsBurst, limits.settingsRate);
    this.idleFrames = new Quota(limits.idleFrameBurst, limits.idleFrameRate);
  }

  /** A DATA frame went out: it may be answered by a PING and by WINDOW_UPDATEs for stream and connection. */
  dataSent(): void {
    this.pings.give();
    this.idleFrames.give();
    this.idleFrames.give();
  }
}
