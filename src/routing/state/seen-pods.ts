/** How many pods are remembered: a kubelet's default is 110, and 500 is the largest known setting. */
const MOST = 1_000;

/**
 * The uids of pods by the kubelet's annotation `kubernetes.io/config.seen`, the time at which it first saw the pod. After a restart of
 * the kubelet this time differs from the one in the pod's sandbox, and ImageStatus has no other mark of a pod. Calls with a pod's
 * config have both. The table is not kept over a restart of the proxy: a wrong guess without it costs one try at most.
 */
export class SeenPods {
  private readonly uids = new Map<string, string>();

  note(uid: string, firstSeen: string): void {
    if (uid === '' || firstSeen === '') return;
    // A pod that is noted again moves to the end, away from the oldest.
    this.uids.delete(firstSeen);
    this.uids.set(firstSeen, uid);
    if (this.uids.size > MOST) this.uids.delete(this.uids.keys().next().value!);
  }

  /** The pod's uid; undefined if no call had both. */
  uidOf(firstSeen: string): string | undefined {
    return this.uids.get(firstSeen);
  }
}
