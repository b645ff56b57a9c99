/** How many ids are kept, the last ones, and the longest id that is kept: containerd and CRI-O have ids of 64 characters. */
const MOST = 10_000;
const LONGEST = 256;

/**
 * The ids of items that were removed while calls were under way, so that a late answer does not bring an item back. Beyond the bound
 * an item would come back, until the runtime's next list.
 */
export class GoneIds {
  /** In the order of the removals, each with the count of earlier removals. */
  private readonly ids = new Map<string, number>();
  private readonly underWay = new Set<{ readonly since: number }>();
  private count = 0;

  /** Notes the begin of a call; the result is to be passed to `end`. */
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

  /** Whether the item was removed since the call began. */
  has(id: string, { since }: { readonly since: number }): boolean {
    return (this.ids.get(id) ?? -1) >= since;
  }
}
