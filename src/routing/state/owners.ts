import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Listing } from '../asking/kept-list.ts';
import { FULL_ID, idPrefix } from '../port/names.ts';
import type { IdForm } from '../port/routing-settings.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import { type NamedId, readNamedId } from './named-id.ts';
import type { NodeState } from './node-state.ts';

export type IdKind = 'pod' | 'container';

/** The length from which an id is random enough to belong to one runtime alone, as UUIDs and 64 hex digits do. */
const UNIQUE = 32;

/**
 * The owner of a pod or container by its id. Both modes accept the prefixed form, and raw ids of secondaries that are in their
 * snapshots, so that a node with running pods can be switched.
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

  /** Undefined if no runtime is known to have it, which only happens for raw ids. Throws InvalidArgument for an ambiguous id. */
  find(kind: IdKind, id: string): Runtime | undefined {
    const certain = this.certain(kind, id);
    if (certain !== undefined) return certain;
    const [owner, other] = this.possible(kind, id);
    if (owner !== undefined && other !== undefined) throw ambiguous(kind, id, owner, other);
    return owner;
  }

  /** The runtimes that may have it: none if no runtime is known to, several for the beginning of an id. */
  candidates(kind: IdKind, id: string): Runtime[] {
    const certain = this.certain(kind, id);
    return certain === undefined ? this.possible(kind, id) : [certain];
  }

  /** The runtimes that have this id, or an id that begins with it. */
  private possible(kind: IdKind, id: string): Runtime[] {
    const { all } = this.runtimes;
    const exact = all.find(runtime => this.has(runtime, kind, id));
    if (exact !== undefined) return [exact];
    return id.length >= FULL_ID ? [] : all.filter(runtime => this.hasPrefix(runtime, kind, id));
  }

  /** Whether the runtime is known to have it. */
  has(runtime: Runtime, kind: IdKind, id: string): boolean {
    return this.listing(runtime, kind).index().has(id);
  }

  /** Another runtime that is known to have the id. */
  other(runtime: Runtime, kind: IdKind, id: string): Runtime | undefined {
    return this.runtimes.all.find(each => each !== runtime && this.has(each, kind, id));
  }

  /** See readNamedId. */
  named(id: string): NamedId | undefined {
    return readNamedId(id, this.runtimes, this.node);
  }

  /** The id by which clients know a pod or container of the runtime. */
  shownId(runtime: Runtime, own: string): string {
    if (this.form === 'raw') return own;
    return (this.node.of(runtime).shownIds.prefixOf(own) ?? idPrefix(runtime.id)) + own;
  }

  /** The owner by the form of the id, or because there is only one runtime; undefined if any runtime may be the owner. */
  private certain(kind: IdKind, id: string): Runtime | undefined {
    const named = this.named(id)?.runtime;
    if (named !== undefined) return named;
    const { all, primary } = this.runtimes;
    if (id === '' || all.length === 1) return primary;
    return this.form === 'prefixed' ? this.ownerOfBare(kind, id) : undefined;
  }

  /** With prefixed ids a bare id is the primary's, unless it can only be a secondary's from before a switch of the mode. */
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
    `criproxy: an id of ${runtimeName(one.id)} and an id of ${runtimeName(other.id)} begin with the ${kind} id "${id}": ` +
      'give more of it',
  );
}
