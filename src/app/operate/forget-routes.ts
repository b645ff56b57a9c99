import { AdminError, type AdminRoute } from '../../admin/admin-route.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import type { Runtimes } from '../../routing/port/runtimes.ts';

interface Forgetting {
  readonly runtimes: Pick<Runtimes, 'all'>;
  /** Resolves with how many pods it had, as far as that is known. */
  forget(runtime: Runtime): Promise<number>;
}

/**
 * `POST /v1/forget` with `{"runtime": ID}`: a secondary that is down has left this node for good, and lists do without it. The answer has
 * `runtime` and `pods`, how many it had.
 */
export function forgetRoutes(generations: Forgetting, log: Logger): readonly AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/v1/forget',
      async handle({ body }) {
        const runtime = find(generations.runtimes.all, (body as { runtime?: unknown } | undefined)?.runtime);
        const pods = await generations.forget(runtime);
        const text = `${runtimeName(runtime.id)} is forgotten: its pods (${pods}) are listed no more`;
        log.warn(text, { runtime: runtime.id, change: true });
        return { kind: 'json', value: { runtime: runtime.id, pods } };
      },
    },
  ];
}

function find(runtimes: readonly Runtime[], id: unknown): Runtime {
  const others = runtimes.slice(1);
  const found = others.find(runtime => runtime.id === id);
  if (found === undefined) {
    const known = others.map(runtime => runtime.id).join(', ');
    throw new AdminError(
      404,
      `runtime: ${JSON.stringify(id)} is no runtime besides the primary, without which there are no lists; ` +
        (known === '' ? 'there is no other' : `use one of: ${known}`),
    );
  }
  if (found.state.kind === 'up') {
    throw new AdminError(
      409,
      `${runtimeName(found.id)} is up, and lists show what it says; stop it first, or take it out of the configuration`,
    );
  }
  return found;
}
