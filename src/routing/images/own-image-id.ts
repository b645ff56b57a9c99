import { type Rewrite, rewriter } from '../../cri/translate/rewrite.ts';
import type { MethodPlan } from '../call/method-plan.ts';
import { isDigest } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';

const SHA256 = 'sha256:';

/**
 * A request with ids of images in the form of the runtime, as far as it has listed them: the same image is `sha256:` and hex digits in
 * containerd, the digits alone in CRI-O. A kubelet may have got the id from another runtime. The very same Buffer if nothing changes.
 */
export function withOwnImageIds(plan: MethodPlan, runtime: Runtime, request: Buffer): Buffer {
  const { images } = plan.node.of(runtime);
  const image: Rewrite = (bytes, start, end, edit) => {
    const id = bytes.toString('utf8', start, end);
    if (!isDigest(id) || images.hasId(id)) return;
    const other = id.startsWith(SHA256) ? id.slice(SHA256.length) : SHA256 + id;
    if (images.hasId(other)) edit.replace(start, end, Buffer.from(other));
  };
  return rewriter(plan.method.request, { image })(request);
}
