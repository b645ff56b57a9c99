/** How many are remembered: a kubelet runs 110 pods unless told otherwise, 250 and 500 at the most that are known. */
const MOST = 1_000;

/**
 * Pods' uids by the time at which the kubelet says that it first saw them, its annotation `kubernetes.io/config.seen`. A kubelet that
 * has restarted says another time than it gave the pod's sandbox, and the time is all that ImageStatus tells of a pod. Calls that
 * carry a pod's config have both. Not kept over a restart of the proxy: without it a guess is made, which costs one try at most.
 */
export class SeenPods {
  private readonly uids = new Map<string, string>();

  note(uid: string, firstSeen: string): void {
    if (uid === '' || firstSeen === '') return;
    // The ones that are noted again and again are not the oldest.
    this.uids.delete(firstSeen);
    this.uids.set(firstSeen, uid);
    if (this.uids.size > MOST) this.uids.delete(this.uids.keys().next().value!);
  }

  /** Undefined if no call has said so. */
  uidOf(firstSeen: string): string | undefined {
    return this.uids.get(firstSeen);
  }
}
