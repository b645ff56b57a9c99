/** Where a program runs, as Debian, Go and Kubernetes name it. */
export type Architecture = 'amd64' | 'arm64';

interface Names {
  /** The name in Node.js, npm and pkg. */
  readonly npm: 'x64' | 'arm64';
  /** The prefix of the names of binutils' programs that know its files. */
  readonly binutils: string;
  /** e_machine of the ELF header. */
  readonly machine: number;
  /** The filter of xz for machine code; xz before 5.4 unpacks none of arm64's (Debian 11 has 5.2.5). */
  readonly xzFilter: readonly string[];
}

export const architectures: Readonly<Record<Architecture, Names>> = {
  amd64: { npm: 'x64', binutils: 'x86_64-linux-gnu', machine: 62, xzFilter: ['--x86'] },
  arm64: { npm: 'arm64', binutils: 'aarch64-linux-gnu', machine: 183, xzFilter: [] },
};

export const architectureNames = Object.keys(architectures) as readonly Architecture[];

/** This machine's. Throws where there is no build for it. */
export function ownArchitecture(): Architecture {
  const own = architectureNames.find(name => architectures[name].npm === process.arch);
  if (own === undefined) throw new Error(`Nothing is built on ${process.arch}: use ${architectureNames.join(' or ')}`);
  return own;
}

/** The value of a flag `--arch`. Throws for any other. */
export function readArchitecture(text: string): Architecture {
  const found = architectureNames.find(name => name === text);
  if (found === undefined) throw new Error(`--arch ${text}: one of ${architectureNames.join(', ')}`);
  return found;
}
