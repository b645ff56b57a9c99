import { Quota } from '../../base/quota.ts';
import type { Limits } from './limits.ts';

/** The quotas of one connection for frames that cost the peer less than us. */
export class Floods {
  /** Streams that the peer resets, or that we reset or refuse because of the peer. */
  readonly resets: Quota;
  readonly pings: Quota;
  readonly settings: Quota;
  /** Frames that make no progress. */
  readonly idleFrames: Quota;

  constructor(limits: Limits) {
    this.resets = new Quota(limits.resetBurst, limits.resetRate);
    this.pings = new Quota(limits.pingBurst, limits.pingRate);
    this.settings = new Quota(limits.settingsBurst, limits.settingsRate);
    this.idleFrames = new Quota(limits.idleFrameBurst, limits.idleFrameRate);
  }

  /** Counts a DATA frame that is sent. The peer may answer it by a PING, and by WINDOW_UPDATE for the stream and the connection. */
  dataSent(): void {
    this.pings.give();
    this.idleFrames.give();
    this.idleFrames.give();
  }
}
