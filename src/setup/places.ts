import type { Tree } from './tree.ts';

/** The places of an installation's program and unit and, while it changes, of the program and unit before. */
export interface Places {
  readonly program: string;
  readonly unit: string;
  readonly kept: string;
}

/** Of the Debian packages. */
export const packagePlaces: Places = {
  program: '/usr/bin/criproxy',
  unit: '/usr/lib/systemd/system/criproxy.service',
  kept: '/usr/lib/criproxy',
};

/** Of `criproxy setup install`: folders that can be written where /usr is read-only. `bin` has the SELinux label of programs. */
export const ownPlaces: Places = {
  program: '/opt/criproxy/bin/criproxy',
  unit: '/etc/systemd/system/criproxy.service',
  kept: '/opt/criproxy/kept',
};

/** As the unit has it: -adminSocket and -stateDir by default. */
export const ADMIN_SOCKET = '/var/lib/criproxy/admin.sock';

/** The program before a change, in `kept`. */
export const PREVIOUS_PROGRAM = 'criproxy.previous';
/** Its unit. */
export const PREVIOUS_UNIT = 'criproxy.service.previous';

/** The program that this node's unit is to start: that of `criproxy setup install`, else the package's. */
export function findProgram(tree: Tree): string {
  return (tree.exists(ownPlaces.program) ? ownPlaces : packagePlaces).program;
}

/** The Debian packages of criproxy. */
export const packageNames = ['criproxy', 'criproxy-nodeps'] as const;

/**
 * The one of some Debian packages that a file belongs to. A package that is removed and not purged still has a list in dpkg's database,
 * without its files.
 */
export function findPackage<Name extends string>(
  read: Tree['read'],
  file: string,
  names: readonly Name[],
): Name | undefined {
  return names.find(name => read(`/var/lib/dpkg/info/${name}.list`)?.split('\n').includes(file));
}
