import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Listing } from '../asking/kept-list.ts';
import type { IdForm } from '../port/routing-settings.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import type { NodeState } from './node-state.ts';

export type IdKind = 'pod' | 'container';

/** From this length on an id is random enough to be of one runtime alone: UUIDs are, and 64 hex digits. */
const UNIQUE = 32;

/** The length of an id in full; a shorter one may be the beginning of one. */
const FULL = 64;

/**
 * Whose pod or container an id is. The prefixed form is understood in either mode, and so are raw ids of secondaries that
 * are in their snapshots, so that a node can be switched with pods running.
 */
export class Owners {
  private readonly runtimes: Runtimes;
  private readonly node: NodeState;
  readonly form: IdForm;

  constructor(runtimes: Runtimes, node: NodeState, form: IdForm) {
    this.runtimes = runtimes;
    this.node = node;
    this.form = form;
  }

  /** Undefined if nobody is known to have it, which only happens for raw ids. Throws InvalidArgument for an ambiguous id. */
  find(kind: IdKind, id: string): Runtime | undefined {
    const certain = this.certain(kind, id);
    if (certain !== undefined) return certain;
    const [owner, other] = this.possible(kind, id);
    if (owner !== undefined && other !== undefined) throw ambiguous(kind, id, owner, other);
    return owner;
  }

  /** The runtimes that may have it: none if nobody is known to, several for the beginning of an id. */
  candidates(kind: IdKind, id: string): Runtime[] {
    const certain = this.certain(kind, id);
    return certain === undefined ? this.possible(kind, id) : [certain];
  }

  /** Those that have it, or one that it is the beginning of. */
  private possible(kind: IdKind, id: string): Runtime[] {
    const { all } = this.runtimes;
    const exact = all.find(runtime => this.has(runtime, kind, id));
    if (exact !== undefined) return [exact];
    return id.length >= FULL ? [] : all.filter(runtime => this.hasPrefix(runtime, kind, id));
  }

  /** Whether the runtime is known to have it. */
  has(runtime: Runtime, kind: IdKind, id: string): boolean {
    return this.listing(runtime, kind).index().has(id);
  }

  /** Another runtime that is known to have it. */
  other(runtime: Runtime, kind: IdKind, id: string): Runtime | undefined {
    return this.runtimes.all.find(each => each !== runtime && this.has(each, kind, id));
  }

  /** The one that it is of by its form alone, or because there is no other; undefined if it may be anybody's. */
  private certain(kind: IdKind, id: string): Runtime | undefined {
    const named = this.runtimes.ownerByPrefix(id);
    if (named !== undefined) return named;
    const { all, primary } = this.runtimes;
    if (id === '' || all.length === 1) return primary;
    return this.form === 'prefixed' ? this.ownerOfBare(kind, id) : undefined;
  }

  /** Where ids have prefixes a bare one is the primary's, unless it can only be a secondary's from before a switch. */
  private ownerOfBare(kind: IdKind, id: string): Runtime {
    const { all, primary } = this.runtimes;
    if (id.length < UNIQUE) return primary;
    for (let index = 1; index < all.length; index++) {
      const runtime = all[index]!;
      if (this.has(runtime, kind, id)) return this.has(primary, kind, id) ? primary : runtime;
    }
    return primary;
  }

  private hasPrefix(runtime: Runtime, kind: IdKind, id: string): boolean {
    for (const known of this.listing(runtime, kind).index().keys()) if (known.startsWith(id)) return true;
    return false;
  }

  private listing(runtime: Runtime, kind: IdKind): Listing {
    const { pods, containers } = this.node.of(runtime);
    return kind === 'pod' ? pods : containers;
  }
}

export function ambiguous(kind: IdKind, id: string, one: Runtime, other: Runtime): ProxyError {
  return new ProxyError(
    Code.InvalidArgument,
    `criproxy: the ${kind} id "${id}" is the beginning of one of ${runtimeName(one.id)} and one of ${runtimeName(other.id)}: ` +
      'give more of it',
  );
}
