import { askApi } from '../admin/admin-client.ts';
import type { DaemonRuntime } from './host.ts';

/** Asks the daemon on its admin socket for its runtimes; undefined if it does not answer. */
export async function askDaemonRuntimes(socket: string): Promise<readonly DaemonRuntime[] | undefined> {
  try {
    const { runtimes } = await askApi(socket, 'GET /v1/status');
    return runtimes.map(({ id, socket: path, primary, snapshot, lost }) => ({
      id,
      socket: path,
      isPrimary: primary,
      pods: snapshot.pods?.items,
      isLost: lost,
    }));
  } catch {
    return undefined;
  }
}
