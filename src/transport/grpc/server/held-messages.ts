import type { MemoryAccount } from '../../../base/memory-account.ts';

/** The size of a header list, in bytes, up to which it is not counted: every call has one. */
const SMALL = 4096;

/**
 * The part of a client's account that one call uses: its metadata and its request until the call is over, and an answer that may have
 * to wait.
 */
export class HeldMessages {
  private readonly account: MemoryAccount;
  private headers = 0;
  private request = 0;
  private reply = 0;

  constructor(account: MemoryAccount) {
    this.account = account;
  }

  /** Called once; false if the header list of the request does not fit. */
  holdHeaders(size: number): boolean {
    if (size <= SMALL) return true;
    if (!this.account.take(size)) return false;
    this.headers = size;
    return true;
  }

  /** Replaces the previous request; false if it does not fit. Sizes are bytes. */
  holdRequest(size: number): boolean {
    this.account.give(this.request);
    const fits = this.account.take(size);
    this.request = fits ? size : 0;
    return fits;
  }

  /** Called once for each answer; false if it does not fit. */
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
    this.account.give(this.request + this.headers);
    this.request = 0;
    this.headers = 0;
  }
}
