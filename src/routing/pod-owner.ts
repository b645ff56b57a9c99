import { Code } from '../base/codes.ts';
import { ProxyError } from '../base/error.ts';
import type { Runtime } from './runtime.ts';
import { type Runtimes, runtimeName, TARGET_RUNTIME } from './runtimes.ts';

/**
 * The runtime that a pod's handler or its annotation names; undefined if neither does: a handler that is not in the table
 * names none. Throws InvalidArgument for an unknown runtime in the annotation, and when the two name different runtimes.
 */
export function namedRuntime(runtimes: Runtimes, handler: string, annotation: string | undefined): Runtime | undefined {
  const byHandler = handler === '' ? undefined : runtimes.handlers.route(handler)?.runtime;
  const byAnnotation = runtimes.ownerByAnnotation(annotation);
  if (byHandler === undefined || byAnnotation === undefined || byHandler === byAnnotation) {
    return byHandler ?? byAnnotation;
  }
  throw new ProxyError(
    Code.InvalidArgument,
    `criproxy: the runtime handler "${handler}" is one of the ${runtimeName(byHandler)}, but the pod annotation ` +
      `${TARGET_RUNTIME} names the ${runtimeName(byAnnotation)}: leave one of the two out`,
  );
}
