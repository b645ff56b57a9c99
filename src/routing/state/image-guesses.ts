/** How many images are remembered: more than a node pulls between two tries to start a container. */
const MOST = 1_000;

/**
 * Images that a client was told to be present, by id, when its question did not name a pod. Kubelets up to 1.18 ask so, and create
 * the container next. If that fails because the image is missing, another runtime has it. The answer to the next such question is
 * once that the image is missing, so that the kubelet pulls it with the pod's uid: a wrong guess costs one failed try.
 */
export class ImageGuesses {
  private readonly isWrong = new Map<string, boolean>();

  /** Whether a client that does not name a pod may be told that the image is present. */
  say(id: string): boolean {
    const wasWrong = this.isWrong.get(id) === true;
    this.isWrong.delete(id);
    this.isWrong.set(id, false);
    if (this.isWrong.size > MOST) this.isWrong.delete(this.isWrong.keys().next().value!);
    return !wasWrong;
  }

  /** No container could be created from the image. */
  refute(id: string): void {
    if (this.isWrong.has(id)) this.isWrong.set(id, true);
  }
}
