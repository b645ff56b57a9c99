import type { Host } from '../host.ts';
import { findPackage, ownPlaces, packageNames, packagePlaces } from '../places.ts';
import { failed } from '../setup-error.ts';

/** Whether `criproxy setup install` has put its program here. */
export function isInstalled(host: Host): boolean {
  return host.files.exists(ownPlaces.program);
}

/** Throws a SetupError where a criproxy of a package, or one that was set up by hand, has the places or would be hidden. */
export function assertOwnPlaces(host: Host): void {
  const { files } = host;
  if (files.exists(packagePlaces.program)) {
    const name = findPackage(files.read, packagePlaces.program, packageNames);
    const remedy =
      name === undefined ? 'criproxy setup revert --stop, then remove the program and its units' : `dpkg -r ${name}`;
    throw failed(
      packagePlaces.program,
      `criproxy is here already${name === undefined ? '' : `, of the package ${name}`}`,
      remedy,
    );
  }
  const unit = files.read(ownPlaces.unit);
  if (unit === undefined || unit.includes(`ExecStart=${ownPlaces.program} `)) return;
  throw failed(
    ownPlaces.unit,
    `it does not start ${ownPlaces.program}: it was written by hand`,
    'criproxy setup revert --stop, then remove the program and its units',
  );
}
