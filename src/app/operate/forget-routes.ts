import { AdminError, type AdminRoute, apiRoute } from '../../admin/admin-route.ts';
import type { ForgetRequest } from '../../admin/api/forget-answer.ts';
import type { Logger } from '../../base/logger.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Runtime } from '../../routing/port/runtime.ts';
import type { Runtimes } from '../../routing/port/runtimes.ts';

interface Forgetting {
  readonly runtimes: Pick<Runtimes, 'all'>;
  /** Resolves with how many pods it had, as far as that is known. */
  forget(runtime: Runtime): Promise<number>;
}

/** Lists do without a runtime that is forgotten. */
export function forgetRoutes(generations: Forgetting, log: Logger): readonly AdminRoute[] {
  return [
    apiRoute('POST /v1/forget', async ({ body }) => {
      const given = body as { readonly [name in keyof ForgetRequest]?: unknown } | undefined;
      const runtime = find(generations.runtimes.all, given?.runtime);
      const pods = await generations.forget(runtime);
      const text = `${runtimeName(runtime.id)} is forgotten: its pods (${pods}) are no longer listed`;
      log.warn(text, { runtime: runtime.id, change: true });
      return { runtime: runtime.id, pods };
    }),
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
      `${runtimeName(found.id)} is up, and lists show its pods; stop it first, or remove it from the configuration`,
    );
  }
  return found;
}
