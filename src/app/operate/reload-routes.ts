import { AdminError, type AdminRoute, apiRoute } from '../../admin/admin-route.ts';
import { type Reloader, ReloadRefused } from './reloader.ts';

export function reloadRoutes(reloader: Pick<Reloader, 'reload'>): readonly AdminRoute[] {
  return [
    apiRoute('POST /v1/reload', async () => {
      try {
        return await reloader.reload();
      } catch (fault) {
        if (!(fault instanceof ReloadRefused)) throw fault;
        throw new AdminError(422, fault.message);
      }
    }),
  ];
}
