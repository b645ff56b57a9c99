import { lastReader } from '../../cri/read/read.ts';
import type { MethodSpec } from '../../cri/translate/method-spec.ts';
import { type Rewrites, rewriter } from '../../cri/translate/rewrite.ts';
import { imagePrefix, isDigest } from '../port/names.ts';
import type { Runtime } from '../port/runtime.ts';
import { askedPrefix } from './asked-prefix.ts';
import type { ShownImages } from './image-name-rewrites.ts';
import { lastResult } from './last-result.ts';
import { type Naming, responseRewrites } from './name-rewrites.ts';

/** Rewrites an answer to `request` into the client's names. Throws a WireError, or Internal. */
export type AnswerNames = (answer: Buffer, request: Buffer) => Buffer;

/**
 * The way of one method's answers from one runtime to the client. An image's name comes back as its client gave it: with the runtime's
 * prefix in the status and lists of a container that was made with it, and in the status of an image that was asked for with it. For
 * lists of images a setting decides. `translation`: into the client's package.
 */
export function answerNames(method: MethodSpec, runtime: Runtime, naming: Naming, translation: Rewrites): AnswerNames {
  const make: Make = shown => {
    const open = (keepsIds: boolean) =>
      rewriter(method.response, { ...responseRewrites(runtime, naming, shown, keepsIds), ...translation });
    const plain = open(false);
    let keeping: ((answer: Buffer) => Buffer) | undefined;
    const rewrite = (answer: Buffer) => {
      if (!naming.keepsIds(runtime)) return plain(answer);
      keeping ??= open(true);
      return keeping(answer);
    };
    return isList(method) ? lastResult(rewrite) : rewrite;
  };
  const bare = make('bare');
  const prefixUse = () => naming.prefixUse(runtime);
  switch (method.route) {
    case 'images':
      return listedNames(runtime, naming, make);
    case 'firstHolder': {
      const listed = listedNames(runtime, naming, make);
      const imageOf = lastReader(method.request, 'image');
      return (answer, request) => {
        const name = imageOf(request);
        if (isDigest(name)) return listed(answer);
        const prefix = askedPrefix(name, runtime, naming.runtimes, prefixUse());
        return (prefix === '' ? bare : make({ prefixOf: () => prefix }))(answer);
      };
    }
    default: {
      const asMade = make({ prefixOf: (_container, id) => prefixUse().containers.get(id) ?? '' });
      return answer => (prefixUse().containers.size === 0 ? bare : asMade)(answer);
    }
  }
}

type Make = (shown: ShownImages) => (answer: Buffer) => Buffer;

function listedNames(runtime: Runtime, naming: Naming, make: Make): (answer: Buffer) => Buffer {
  const bare = make('bare');
  if (runtime.id === '') return bare;
  if (naming.imageNames === 'prefixed') return make('prefixed');
  const prefixUse = () => naming.prefixUse(runtime);
  const prefix = imagePrefix(runtime.id);
  const asAsked = make({ prefixOf: image => (prefixUse().hasImage(image) ? prefix : '') });
  return answer => (prefixUse().images.size === 0 ? bare : asAsked)(answer);
}

/** Methods whose answers stay the same for a long time. */
function isList({ route, streams }: MethodSpec): boolean {
  return !streams && (route === 'list' || route === 'images');
}
