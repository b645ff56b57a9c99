/** A token bucket: `burst` at once, `rate` more each second, up to `burst`. It reads the clock only when it runs low. */
export class Quota {
  private readonly burst: number;
  private readonly rate: number;
  private left: number;
  private filledAt: number;

  constructor(burst: number, rate: number) {
    this.burst = burst;
    this.rate = rate;
    this.left = burst;
    this.filledAt = performance.now();
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    if (this.left < 1) {
      const now = performance.now();
      this.left = Math.min(this.burst, this.left + ((now - this.filledAt) / 1000) * this.rate);
      this.filledAt = now;
      if (this.left < 1) return false;
    }
    this.left -= 1;
    return true;
  }

  /** Gives one back. */
  give(): void {
    if (this.left < this.burst) this.left += 1;
  }
}
