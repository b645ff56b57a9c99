import { AdminError, type AdminRoute } from '../../admin/admin-route.ts';
import { type Reloader, ReloadRefused } from './reloader.ts';

/** POST /v1/reload: a ReloadReport; 422 with the reason for a configuration that cannot be used. */
export function reloadRoutes(reloader: Pick<Reloader, 'reload'>): readonly AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/v1/reload',
      async handle() {
        try {
          return { kind: 'json', value: await reloader.reload() };
        } catch (fault) {
          if (!(fault instanceof ReloadRefused)) throw fault;
          throw new AdminError(422, fault.message);
        }
      },
    },
  ];
}
