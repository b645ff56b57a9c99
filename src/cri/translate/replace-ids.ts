import type { Edit } from '../../wire/splice.ts';
import type { MethodSpec } from './method-spec.ts';
import { rewriter } from './rewrite.ts';

/** The request with all ids of pods and containers replaced; an id that is not in the map stays. */
export function replaceIds(method: MethodSpec, request: Buffer, ids: ReadonlyMap<string, string>): Buffer {
  const replace = (bytes: Buffer, start: number, end: number, edit: Edit): void => {
    const id = ids.get(bytes.toString('utf8', start, end));
    if (id !== undefined) edit.replace(start, end, Buffer.from(id));
  };
  return rewriter(method.request, { pod: replace, container: replace })(request);
}
