import type { CallOptions, Reply, ReplyStream } from '../../base/call.ts';
import { Code } from '../../base/codes.ts';
import { withMessages } from '../../base/reply-stream.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import { joins } from '../../cri/read/joins.ts';
import { FIRST_SEEN } from '../../cri/read/pod-identity.ts';
import { hasAnnotations, lastReader, readAnnotation, readOwn } from '../../cri/read/read.ts';
import type { Kind } from '../../cri/tables/messages.ts';
import { fieldsOf } from '../../cri/tables/schema.ts';
import { compile } from '../../cri/translate/compile.ts';
import { type Endpoint, type MethodSpec, methodSpec } from '../../cri/translate/method-spec.ts';
import type { Package } from '../../cri/translate/packages.ts';
import { unavailable, whenUp } from '../asking/availability.ts';
import { within } from '../asking/budget.ts';
import { malformed } from '../asking/malformed.ts';
import { waitingFor } from '../asking/waiting.ts';
import { lastResult } from '../names/last-result.ts';
import type { Naming } from '../names/name-rewrites.ts';
import { noteNames } from '../names/note-names.ts';
import type { Generation } from '../port/generation.ts';
import { listTimeoutOf, type RoutingSettings } from '../port/routing-settings.ts';
import type { Runtime } from '../port/runtime.ts';
import type { Runtimes } from '../port/runtimes.ts';
import type { NodeState } from '../state/node-state.ts';
import { Owners } from '../state/owners.ts';
import { type Lane, openLane } from './lane.ts';

/** One method in one package, ready to be sent to any runtime. */
export class MethodPlan {
  readonly method: MethodSpec;
  readonly client: Package;
  readonly runtimes: Runtimes;
  readonly settings: RoutingSettings;
  readonly node: NodeState;
  readonly owners: Owners;
  /** Several runtimes' answers as one, by the rule in the method's row. */
  readonly join: (...answers: Buffer[]) => Buffer;
  private readonly naming: Naming;
  private readonly lanes = new Map<Runtime, { served: readonly string[]; lane: Lane }>();
  private readonly readers = new Map<Kind, (request: Buffer) => string>();
  private readonly siblings = new Map<string, MethodPlan>();
  /** Whether a request has a pod's config, and an image. */
  private readonly carriesPod: boolean;
  private readonly namesImages: boolean;

  constructor(endpoint: Endpoint, runtimes: Runtimes, settings: RoutingSettings, node: NodeState) {
    this.method = endpoint.method;
    this.client = endpoint.client;
    this.runtimes = runtimes;
    this.settings = settings;
    this.node = node;
    this.carriesPod = fieldsOf(this.method.request).some(({ type }) => type === 'PodSandboxConfig');
    this.namesImages = compile(this.method.request, ['image']) !== undefined;
    this.owners = new Owners(runtimes, node, settings.ids ?? 'prefixed');
    const join = joins[this.method.join ?? 'items'];
    const joined = (...answers: Buffer[]) => join(answers);
    // Samples are never the same twice.
    this.join = this.method.route === 'samples' ? joined : lastResult(joined);
    this.naming = {
      runtimes,
      owners: this.owners,
      streamBase: settings.streamBase,
      askedHandler: (runtime, pod) => node.of(runtime).askedHandlers.get(pod),
      pins: settings.pins ?? [],
      imageNames: settings.imageNames ?? (settings.ids === 'raw' ? 'asked' : 'prefixed'),
      prefixUse: runtime => node.of(runtime).prefixUse,
      keepsIds: runtime => node.of(runtime).shownIds.size > 0,
    };
  }

  /** The unary method whose answers this method streams; this method itself if it is unary. */
  get unaryList(): MethodPlan {
    return this.method.unaryList === undefined ? this : this.sibling(this.method.unaryList);
  }

  /** The same method in another generation. */
  inGeneration({ runtimes, settings }: Generation): MethodPlan {
    return new MethodPlan({ method: this.method, client: this.client }, runtimes, settings, this.node);
  }

  /** Another method in the same package. */
  sibling(name: string): MethodPlan {
    let plan = this.siblings.get(name);
    if (plan === undefined) {
      plan = new MethodPlan({ method: methodSpec(name), client: this.client }, this.runtimes, this.settings, this.node);
      this.siblings.set(name, plan);
    }
    return plan;
  }

  /** The last leaf of this kind in a request, empty if there is none. Throws InvalidArgument for a malformed request. */
  read(kind: Kind, request: Buffer): string {
    const reader = this.readers.get(kind) ?? this.makeReader(kind);
    return this.readRequest(() => reader(request));
  }

  /** As `read`, for a field of the request itself. */
  readOwn(kind: Kind, request: Buffer): string {
    return this.readRequest(() => readOwn(this.method.request, kind, request));
  }

  /** The annotation with this key of the request's pod, wherever the request has annotations; undefined without one. */
  readAnnotation(key: string, request: Buffer): string | undefined {
    return this.readRequest(
      () =>
        readAnnotation(this.method.request, 'podAnnotation', key, request) ??
        readAnnotation(this.method.request, 'imageAnnotation', key, request),
    );
  }

  hasAnnotations(request: Buffer): boolean {
    return this.readRequest(
      () =>
        hasAnnotations(this.method.request, 'podAnnotation', request) ||
        hasAnnotations(this.method.request, 'imageAnnotation', request),
    );
  }

  /** As `read`, for an answer of the runtime. Throws Internal for a malformed one. */
  readAnswer<T>(runtime: Runtime, read: () => T): T {
    try {
      return read();
    } catch (fault) {
      throw malformed(fault, Code.Internal, `${runtimeName(runtime.id)} sent a malformed ${this.method.response}`);
    }
  }

  /** How long a list waits for this runtime, in ms. */
  listTimeout(runtime: Runtime): number {
    return listTimeoutOf(this.settings, runtime.id);
  }

  /** Waits for the runtime if the settings allow it. Rejects with Unavailable. */
  async ready(runtime: Runtime, options: CallOptions): Promise<void> {
    await whenUp(runtime, runtime === this.runtimes.primary ? this.settings.primaryWait : 0, options);
  }

  /** Calls a runtime, and follows the change that the call makes there. */
  async call(runtime: Runtime, request: Buffer, options: CallOptions): Promise<Reply> {
    if (runtime.state.kind !== 'up') await this.ready(runtime, options);
    const lane = this.lane(runtime);
    if (this.carriesPod) this.notePod(request);
    const sent = lane.encode(request);
    const { effect } = this.method;
    const followed = effect && this.node.begin(runtime, effect, sent);
    const call = waitingFor(runtime, this.method.name, options, runtime.call(lane.path, sent, options));
    if (followed !== undefined) call.catch(() => this.node.followFailed(runtime, followed));
    const reply = await (this.method.route === 'byImage' ? this.followPull(runtime, sent, call) : call);
    if (followed !== undefined) {
      const asked = this.method.route === 'byPodConfig' ? this.readOwn('handler', request) : undefined;
      const known = this.readAnswer(runtime, () => this.node.follow(runtime, followed, reply.message, asked));
      // No other answer has the pod's containers: the next list must have them, even if the runtime is down by then.
      if (effect === 'restorePod') await within(this.listTimeout(runtime), known).catch(() => {});
    }
    if (this.namesImages) this.noteNames(runtime, request, reply.message);
    const message = lane.decode(reply.message, request);
    return message === reply.message ? reply : { message, headers: reply.headers, trailers: reply.trailers };
  }

  /** Notes the pod in the call, whether or not the call succeeds: later calls for the pod carry less. */
  private notePod(request: Buffer): void {
    this.node.seenPods.note(this.read('podUid', request), this.readAnnotation(FIRST_SEEN, request) ?? '');
  }

  private noteNames(runtime: Runtime, request: Buffer, answer: Buffer): void {
    const snapshot = this.node.of(runtime);
    // No client names the primary's images with a prefix, unless the runtime was a secondary before.
    if (runtime.id === '' && snapshot.prefixUse.containers.size === 0) return;
    const answered = { method: this.method.name, request, image: this.read('image', request), answer };
    this.readAnswer(runtime, () => noteNames(answered, runtime, { runtimes: this.runtimes, snapshot }));
  }

  /** A pulled image is in no list before the next one; a failed pull may have brought it too. */
  private followPull(runtime: Runtime, sent: Buffer, call: Promise<Reply>): Promise<Reply> {
    return this.node.of(runtime).pulls.follow(this.read('image', sent), call);
  }

  /** Throws at once where the call cannot be made. */
  stream(runtime: Runtime, request: Buffer, options: CallOptions): ReplyStream {
    const lane = this.lane(runtime);
    const reply = runtime.stream(lane.path, [lane.encode(request)], options);
    return withMessages(reply, async function* () {
      for await (const message of reply) yield lane.decode(message);
    });
  }

  /** Throws Unavailable for a runtime that is down. */
  lane(runtime: Runtime): Lane {
    const { state } = runtime;
    if (state.kind !== 'up') throw unavailable(runtime, state);
    const known = this.lanes.get(runtime);
    // A runtime may come back as another version with other packages, and has a new array then.
    if (known !== undefined && known.served === state.packages) return known.lane;
    const lane = this.openLane(runtime, state.packages);
    this.lanes.set(runtime, { served: state.packages, lane });
    return lane;
  }

  /** The lane for stored messages, when the runtime is not asked. `served`: the package of the stored messages. */
  names(runtime: Runtime, served: string = this.client): Lane {
    return this.openLane(runtime, [served]);
  }

  private openLane(runtime: Runtime, served: readonly string[]): Lane {
    return openLane(this.method, this.client, runtime, served, this.naming);
  }

  private makeReader(kind: Kind): (request: Buffer) => string {
    const reader = lastReader(this.method.request, kind);
    this.readers.set(kind, reader);
    return reader;
  }

  /** Reads the request by other means. Throws InvalidArgument for a malformed one. */
  readRequest<T>(read: () => T): T {
    try {
      return read();
    } catch (fault) {
      throw malformed(fault, Code.InvalidArgument, `malformed ${this.method.request}`);
    }
  }
}
