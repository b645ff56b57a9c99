import type { MethodSpec } from '../cri/method-spec.ts';
import { lastReader } from '../cri/read.ts';
import { type Rewrites, rewriter } from '../cri/rewrite.ts';
import type { ShownImages } from './image-name-rewrites.ts';
import { lastResult } from './last-result.ts';
import { type Naming, responseRewrites } from './name-rewrites.ts';
import { imagePrefix, isDigest } from './names.ts';
import type { Runtime } from './runtime.ts';

/** Makes an answer, to this request, one in the client's names. Throws a WireError, or Internal. */
export type AnswerNames = (answer: Buffer, request: Buffer) => Buffer;

/**
 * How one method's answers of one runtime come to the client. A name of an image comes back as its client gave it: with the
 * runtime's prefix in the status and lists of a container that was made with it, and in the status of an image that is asked for
 * with it. What a list of images shows is a setting. `translation`: into the client's package.
 */
export function answerNames(method: MethodSpec, runtime: Runtime, naming: Naming, translation: Rewrites): AnswerNames {
  const make = (shown: ShownImages) => {
    const rewrite = rewriter(method.response, { ...responseRewrites(runtime, naming, shown), ...translation });
    return isList(method) ? lastResult(rewrite) : rewrite;
  };
  const bare = make('bare');
  const prefixUse = () => naming.prefixUse(runtime);
  const isOfImages = method.route === 'images' || method.route === 'firstHolder';
  if (isOfImages && runtime.id === '') return bare;
  if (isOfImages) {
    const prefixed = make('prefixed');
    const asAsked = make({ prefixOf: image => (prefixUse().hasImage(image) ? imagePrefix(runtime.id) : '') });
    const listed = () => (naming.imageNames === 'prefixed' ? prefixed : prefixUse().images.size === 0 ? bare : asAsked);
    if (method.route === 'images') return answer => listed()(answer);
    const imageOf = lastReader(method.request, 'image');
    return (answer, request) => {
      const name = imageOf(request);
      if (isDigest(name)) return listed()(answer);
      return naming.runtimes.ownerOfImage(name) === runtime ? prefixed(answer) : bare(answer);
    };
  }
  const asMade = make({ prefixOf: (_container, id) => prefixUse().containers.get(id) ?? '' });
  return answer => (prefixUse().containers.size === 0 ? bare : asMade)(answer);
}

/** Whose answers are the same for a long time. */
function isList({ route, streams }: MethodSpec): boolean {
  return !streams && (route === 'list' || route === 'images');
}
