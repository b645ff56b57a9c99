/** The ids of what went while calls were under way, so that a late answer of a call does not bring it back. */
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
    if (this.underWay.size === 0) return;
    this.ids.delete(id);
    this.ids.set(id, this.count++);
  }

  /** Whether it went since the call began. */
  has(id: string, { since }: { readonly since: number }): boolean {
    return (this.ids.get(id) ?? -1) >= since;
  }
}
