import { SERVICE, SOCKET } from '../daemon.ts';
import type { Host } from '../host.ts';
import { ownPlaces, packagePlaces } from '../places.ts';
import { type Reverted, type RevertOptions, revertLocked } from '../revert.ts';
import { assertOwnPlaces, isInstalled } from './own-places.ts';
import { links, payload, SETTINGS } from './payload.ts';

export interface UninstallOptions extends Omit<RevertOptions, 'stop'> {
  /** Take away the settings and the state too. */
  readonly purge: boolean;
}

const settingsFolders = ['/etc/criproxy', '/var/lib/criproxy'];

function removeFiles(host: Host): void {
  const { files } = host;
  for (const [path, target] of Object.entries(links)) if (files.readLink(path) === target) files.remove(path);
  for (const name of files.list(ownPlaces.kept)) files.remove(`${ownPlaces.kept}/${name}`);
  // The program is the last: for as long as it is there, a removal that was cut off can be taken up again.
  for (const { path } of payload) if (files.exists(path)) files.remove(path);
}

function purge(host: Host): string[] {
  host.files.remove(SETTINGS);
  for (const folder of settingsFolders) host.files.removeFolder(folder);
  return ['removed the settings and the state'];
}

/**
 * Takes the node off criproxy as revert does, then the units and all files of the installation away. Throws a SetupError, with
 * everything as it was until the kubelet is back on its own runtime, or a PodsLeft.
 */
export async function uninstallSetup(host: Host, options: UninstallOptions): Promise<Reverted> {
  const unlock = await host.lock();
  try {
    const isHere = isInstalled(host);
    if (isHere || options.purge || host.files.exists(packagePlaces.program)) assertOwnPlaces(host);
    if (!isHere) return { done: options.purge ? purge(host) : [], left: [], strange: undefined };
    const reverted = await revertLocked(host, { ...options, stop: true });
    await host.systemctl('disable', SOCKET, SERVICE);
    removeFiles(host);
    if (host.noServices === undefined) await host.systemctl('daemon-reload');
    const removed = ['removed the program and its units', ...(options.purge ? purge(host) : [])];
    return { ...reverted, done: [...reverted.done, ...removed] };
  } finally {
    unlock();
  }
}
