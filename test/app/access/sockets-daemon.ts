import { join } from 'node:path';
import { askApi } from '../../../src/admin/admin-client.ts';
import type { StatusReport } from '../../../src/admin/api/status-report.ts';
import { type CriClient, connect } from '../../support/cri-client.ts';
import type { Package } from '../../support/facts.ts';
import { type Scene, setScene, type Teardown } from '../operate/reload-daemon.ts';

/** A daemon with sockets, by the names of their files, and two runtimes of fakes with a pod each. */
export interface SocketsScene extends Scene {
  path(name: string): string;
  /** A client of the socket of this name. */
  client(name: string, pkg?: Package): CriClient;
  status(): Promise<StatusReport>;
  /** The sockets of a configuration by name, each with its path and its rules. */
  sockets(rules: Readonly<Record<string, object>>): object;
}

export async function startSockets(t: Teardown, rules: Readonly<Record<string, object>>): Promise<SocketsScene> {
  const scene = await setScene(t);
  const { daemon, runtimes } = scene;
  const path = (name: string) => join(daemon.dir, `${name}.sock`);
  const sockets = (wanted: Readonly<Record<string, object>>) => ({
    runtimes: [{ socket: runtimes.main.socketPath }, { id: 'alt', socket: runtimes.alt.socketPath }],
    sockets: Object.entries(wanted).map(([name, rest]) => ({ path: path(name), ...rest })),
  });
  daemon.write(sockets(rules));
  await daemon.hangUp(/reload: sockets: /);
  return {
    ...scene,
    path,
    sockets,
    client(name, pkg) {
      const client = connect(path(name), pkg);
      t.teardown(() => client.close());
      return client;
    },
    status: () => askApi(daemon.adminSocket, 'GET /v1/status'),
  };
}
