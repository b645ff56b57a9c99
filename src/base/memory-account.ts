/** Up to this size a message may use all of an account; a larger one leaves a quarter, so that small calls are always served. */
const SMALL = 64 * 1024;

/** Bytes of messages that are held for one party, within what is held for all parties together. */
export class MemoryAccount {
  used = 0;
  /** How often something did not fit. */
  refusals = 0;
  readonly max: number;
  private readonly total: MemoryAccount | undefined;

  /** `max` in bytes; `total` is the account that this one is a part of. */
  constructor(max: number, total?: MemoryAccount) {
    this.max = max;
    this.total = total;
  }

  /** Holds so many bytes more; false, and nothing is held, if they do not fit. */
  take(bytes: number): boolean {
    if (this.fits(bytes)) {
      this.used += bytes;
      if (this.total !== undefined) this.total.used += bytes;
      return true;
    }
    this.refusals++;
    if (this.total !== undefined) this.total.refusals++;
    return false;
  }

  give(bytes: number): void {
    this.used -= bytes;
    if (this.total !== undefined) this.total.used -= bytes;
  }

  private fits(bytes: number): boolean {
    const max = bytes <= SMALL ? this.max : this.max * 0.75;
    return this.used + bytes <= max && (this.total === undefined || this.total.fits(bytes));
  }
}
