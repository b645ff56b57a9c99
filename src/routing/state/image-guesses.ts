/** How many images are remembered: more than a node pulls between two tries to start a container. */
const MOST = 1_000;

/**
 * Images that were said to be there to a client that had told nothing of a pod, by id. Kubelets up to 1.18 ask so, and create the
 * container next: if that fails for want of the image, it was another runtime that has it. The next such question is told that the
 * image is missing, once, so that the kubelet pulls it, with the pod's uid: a wrong guess costs one failed try.
 */
export class ImageGuesses {
  private readonly isWrong = new Map<string, boolean>();

  /** Whether the image may be said to be there, to a client that tells nothing of a pod. */
  say(id: string): boolean {
    const wasWrong = this.isWrong.get(id) === true;
    this.isWrong.delete(id);
    this.isWrong.set(id, false);
    if (this.isWrong.size > MOST) this.isWrong.delete(this.isWrong.keys().next().value!);
    return !wasWrong;
  }

  /** A container could not be made of it. */
  refute(id: string): void {
    if (this.isWrong.has(id)) this.isWrong.set(id, true);
  }
}
