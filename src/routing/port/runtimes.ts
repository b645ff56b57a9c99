import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { type HandlerRow, Handlers } from './handlers.ts';
import { runtimeInId, runtimeInImage } from './names.ts';
import type { Runtime } from './runtime.ts';

/** The pod annotation that names the runtime of a pod, as the Go criproxy and Virtlet document it. */
export const TARGET_RUNTIME = 'kubernetes.io/target-runtime';

/** The runtimes of this node, the primary first, and the owner of a name. */
export class Runtimes {
  readonly all: readonly Runtime[];
  readonly primary: Runtime;
  readonly handlers: Handlers;
  private readonly byId: ReadonlyMap<string, Runtime>;
  private readonly byAnnotation: ReadonlyMap<string, Runtime>;

  /**
   * `all[0]` is the primary, with the empty id; ids are unique. `annotations`: further values of the pod annotation, each with the id
   * of its runtime.
   */
  constructor(
    all: readonly [Runtime, ...Runtime[]],
    handlers: readonly HandlerRow[] = [],
    annotations: ReadonlyMap<string, string> = new Map(),
  ) {
    this.all = all;
    this.primary = all[0];
    this.byId = new Map(all.map(runtime => [runtime.id, runtime]));
    const others = all.slice(1).map(runtime => [runtime.id, runtime] as const);
    this.byAnnotation = new Map([
      ...others,
      ...[...annotations].map(([value, id]) => [value, this.byId.get(id)!] as const),
    ]);
    this.handlers = new Handlers(all, handlers);
  }

  /** The runtime whose id a pod's or container's id begins with; undefined for any other id. */
  ownerByPrefix(id: string): Runtime | undefined {
    const prefix = runtimeInId(id);
    return prefix === '' ? undefined : this.byId.get(prefix);
  }

  /** The runtime whose id an image name begins with; undefined for any other name, which all runtimes may have, and for a digest. */
  ownerOfImage(image: string): Runtime | undefined {
    const first = runtimeInImage(image);
    return first === '' ? undefined : this.byId.get(first);
  }

  /** Whether this value of the pod annotation names a runtime, or is empty. */
  isTarget(target: string | undefined): boolean {
    return target === undefined || target === '' || this.byAnnotation.has(target);
  }

  /** The runtime of a new pod, by its annotation; undefined if it names none. Throws InvalidArgument for an unknown runtime. */
  ownerByAnnotation(target: string | undefined): Runtime | undefined {
    if (target === undefined || target === '') return undefined;
    const runtime = this.byAnnotation.get(target);
    if (runtime !== undefined) return runtime;
    const known = [...this.byAnnotation.keys()];
    throw new ProxyError(
      Code.InvalidArgument,
      `criproxy: unknown runtime "${target}" in the pod annotation ${TARGET_RUNTIME}; ` +
        (known.length === 0 ? 'only the primary runtime is configured' : `use one of: ${known.join(', ')}`) +
        ', or leave the annotation out for the primary runtime',
    );
  }
}

/** A runtime as a message names it. */
