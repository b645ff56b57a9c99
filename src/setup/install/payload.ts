import { ownPlaces } from '../places.ts';

/** A file of the archive, beside the program, and its place on the node. */
export interface PayloadFile {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
}

const share = '/opt/criproxy/share';

export const DEFAULT_SETTINGS = `${share}/default`;

/** The program is the last: by then the rest of its release is there. */
export const payload: readonly PayloadFile[] = [
  { name: 'criproxy.service', path: ownPlaces.unit, mode: 0o644 },
  { name: 'criproxy.socket', path: '/etc/systemd/system/criproxy.socket', mode: 0o644 },
  { name: 'default', path: DEFAULT_SETTINGS, mode: 0o644 },
  { name: 'criproxy.8.gz', path: `${share}/man/man8/criproxy.8.gz`, mode: 0o644 },
  { name: 'criproxy.bash', path: `${share}/bash-completion/completions/criproxy`, mode: 0o644 },
  { name: 'copyright', path: `${share}/doc/copyright`, mode: 0o644 },
  { name: 'sbom.cdx.json', path: `${share}/doc/sbom.cdx.json`, mode: 0o644 },
  { name: 'criproxy', path: ownPlaces.program, mode: 0o755 },
];

/** Where shells and man(1) look, by what they find there: made where that can be written. */
export const links: Readonly<Record<string, string>> = {
  '/usr/local/bin/criproxy': ownPlaces.program,
  '/usr/local/share/man/man8/criproxy.8.gz': `${share}/man/man8/criproxy.8.gz`,
  '/usr/local/share/bash-completion/completions/criproxy': `${share}/bash-completion/completions/criproxy`,
};

/** The node's own settings: written where there are none, and taken away by a purge alone. */
export const SETTINGS = '/etc/default/criproxy';
