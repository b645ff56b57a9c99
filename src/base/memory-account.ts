/** Up to this size a message may use all of an account; a larger one leaves a quarter, so that small calls are always served. */
const SMALL = 64 * 1024;

/** A budget in bytes for the messages that are held for one party, as a part of the budget for all parties. */
export class MemoryAccount {
  used = 0;
  /** How often a request for bytes was refused. */
  refusals = 0;
  readonly max: number;
  private readonly total: MemoryAccount | undefined;

  /** `max` in bytes; `total` is the account that this one is a part of. */
  constructor(max: number, total?: MemoryAccount) {
    this.max = max;
    this.total = total;
  }

  /** Holds so many bytes more; false if they do not fit, and then none of them is held. `isSmall`: whether they may use all of it. */
  take(bytes: number, isSmall = bytes <= SMALL): boolean {
    if (this.fits(bytes, isSmall)) {
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

  private fits(bytes: number, isSmall: boolean): boolean {
    const max = isSmall ? this.max : this.max * 0.75;
    return this.used + bytes <= max && (this.total === undefined || this.total.fits(bytes, isSmall));
  }
}
