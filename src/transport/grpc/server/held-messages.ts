import type { MemoryAccount } from '../../../base/memory-account.ts';

/** What a call holds of its client's account: its request, until the call is over, and an answer that may have to wait. */
export class HeldMessages {
  private readonly account: MemoryAccount;
  private request = 0;
  private reply = 0;

  constructor(account: MemoryAccount) {
    this.account = account;
  }

  /** In place of the request that was held before; false if it does not fit. Sizes are in bytes. */
  holdRequest(size: number): boolean {
    this.account.give(this.request);
    const fits = this.account.take(size);
    this.request = fits ? size : 0;
    return fits;
  }

  /** Once for each answer; false if it does not fit. */
  holdReply(size: number): boolean {
    if (this.reply > 0) return true;
    if (!this.account.take(size)) return false;
    this.reply = size;
    return true;
  }

  releaseReply(): void {
    this.account.give(this.reply);
    this.reply = 0;
  }

  release(): void {
    this.releaseReply();
    this.account.give(this.request);
    this.request = 0;
  }
}
