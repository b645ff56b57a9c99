/** How many ids are kept, the last ones, and how long one may be: containerd and CRI-O have ids of 64 characters. */
const MOST = 10_000;
const LONGEST = 256;

/**
 * The ids of what went while calls were under way, so that a late answer of a call does not bring it back. Beyond the bound it would, until
 * the runtime's next list.
 */
export class GoneIds {
  /** In the order in which they went, with how many went before. */
  private readonly ids = new Map<string, number>();
  private readonly underWay = new Set<{ readonly since: number }>();
  private count = 0;

  /** A call begins; `end` what this returns. */
  begin(): { readonly since: number } {
    const call = { since: this.count };
    this.underWay.add(call);
    return call;
  }

  end(call: { readonly since: number }): void {
    this.underWay.delete(call);
    const [oldest] = this.underWay;
    for (const [id, at] of this.ids) {
      if (oldest !== undefined && at >= oldest.since) break;
      this.ids.delete(id);
    }
  }

  add(id: string): void {
    if (this.underWay.size === 0 || id.length > LONGEST) return;
    this.ids.delete(id);
    this.ids.set(id, this.count++);
    if (this.ids.size > MOST) this.ids.delete(this.ids.keys().next().value!);
  }

  /** Whether it went since the call began. */
  has(id: string, { since }: { readonly since: number }): boolean {
    return (this.ids.get(id) ?? -1) >= since;
  }
}
