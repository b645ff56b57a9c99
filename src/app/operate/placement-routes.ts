import { AdminError, type AdminRoute, apiRoute } from '../../admin/admin-route.ts';
import type { PlaceAnswer, PlacedPod, RetireRequest } from '../../admin/api/placement-answer.ts';
import { Level } from '../../base/log-level.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeLabel, runtimeName, runtimeOfLabel } from '../../base/runtime-name.ts';
import { factsOfSandbox, type PodFacts } from '../../cri/read/pod-facts.ts';
import { isReady } from '../../cri/read/pod-identity.ts';
import { podCreatedAt } from '../../cri/read/state-records.ts';
import { explainPlacement } from '../../routing/placement/explain-placement.ts';
import type { PlacementBase } from '../../routing/placement/place-pod.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import { isRetiring } from '../../routing/state/retirement.ts';
import { leftPods } from '../../routing/status/left-pods.ts';

/** The generation in force, as these routes need it. */
export interface Placing {
  readonly placement: PlacementBase;
  /** Retires a runtime, or ends that. Resolves when it is on the disk. */
  retire(runtime: Runtime, retiring: boolean): Promise<void>;
}

export function placementRoutes(generations: Placing, log: Logger): readonly AdminRoute[] {
  return [
    apiRoute('POST /v1/place', ({ body }): PlaceAnswer => {
      const base = generations.placement;
      const { runtime, steps } = explainPlacement(base, podIn(body, base));
      return { runtime: runtime?.id ?? null, steps };
    }),
    apiRoute('POST /v1/retire', async ({ body }) => {
      const { runtime: given, retiring } = (body ?? {}) as { readonly [name in keyof RetireRequest]?: unknown };
      const { runtimes, settings, node } = generations.placement;
      const runtime = find(runtimes.all, given);
      if (typeof retiring === 'boolean' && node.of(runtime).retiring !== retiring) {
        await generations.retire(runtime, retiring);
        const text = `${runtimeName(runtime.id)} ${retiring ? 'is retiring: it takes no new pods' : 'takes new pods again'}`;
        log.info(Level.State, text, undefined, { runtime: runtime.id, change: true });
      }
      const configured = settings.runtimes?.get(runtime.id);
      return {
        runtime: runtime.id,
        retiring: isRetiring(configured, node.of(runtime)),
        configured: configured?.retiring === true,
        left: node.of(runtime).mayHaveAnyPod ? null : leftPods(node.of(runtime)),
      };
    }),
  ];
}

function podIn(body: unknown, base: PlacementBase): PodFacts {
  const { known, pod } = (body ?? {}) as Partial<Record<'known' | 'pod', unknown>>;
  if (known !== undefined) return knownPod(base, known as { namespace: string; name: string });
  const given = pod as Partial<PlacedPod> | undefined;
  if (given === undefined) throw new AdminError(400, 'the body has neither `known` nor `pod`');
  return {
    namespace: String(given.namespace ?? ''),
    name: String(given.name ?? ''),
    uid: String(given.uid ?? ''),
    labels: textsOf(given.labels),
    annotations: textsOf(given.annotations),
    handler: String(given.handler ?? ''),
  };
}

/** A manifest may have other values than texts, which the API server would refuse. */
function textsOf(values: object = {}): ReadonlyMap<string, string> {
  return new Map(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

function knownPod(
  { runtimes, node }: PlacementBase,
  { namespace, name }: { namespace: string; name: string },
): PodFacts {
  const found = runtimes.all
    .flatMap(runtime => [...node.of(runtime).pods.index().values()])
    .map(sandbox => ({
      facts: factsOfSandbox(sandbox),
      ready: isReady(sandbox),
      createdAt: podCreatedAt(sandbox) ?? 0,
    }))
    .filter(({ facts }) => facts.namespace === namespace && facts.name === name)
    // A pod of this name that is gone may have left sandboxes, also on another runtime.
    .sort((a, b) => Number(b.ready) - Number(a.ready) || b.createdAt - a.createdAt);
  if (found[0] !== undefined) return found[0].facts;
  throw new AdminError(404, `no runtime lists a pod ${namespace}/${name}; give a file with the pod instead`);
}

function find(all: readonly Runtime[], given: unknown): Runtime {
  const id = runtimeOfLabel(
    String(given),
    all.map(runtime => runtime.id),
  );
  const found = all.find(runtime => runtime.id === id);
  if (found !== undefined) return found;
  const known = all.map(runtime => runtimeLabel(runtime.id)).join(', ');
  throw new AdminError(404, `runtime: ${JSON.stringify(given)} is no runtime; use one of: ${known}`);
}
