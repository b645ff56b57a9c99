import { execFileSync } from 'node:child_process';

/** What a program needs of its machine at start. `versions` are symbol versions such as `GLIBC_2.28`, by library. */
export interface Elf {
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

/** Reads an ELF file's dynamic section through binutils' objdump. */
export function readElf(path: string): Elf {
  const text = execFileSync('objdump', ['-p', path], { encoding: 'utf8' });
  const versions = new Map<string, string[]>();
  let library: string[] = [];
  for (const line of text.split('\n')) {
    const from = /^ {2}required from (\S+):$/.exec(line)?.[1];
    if (from !== undefined) {
      library = [];
      versions.set(from, library);
    }
    const symbol = /^ {4}0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)$/.exec(line)?.[1];
    if (symbol !== undefined) library.push(symbol);
  }
  const needed = [...text.matchAll(/^ {2}NEEDED +(\S+)$/gm)].map(match => match[1]!);
  return { interpreter: /^ +INTERP /m.test(text) ? 'dynamic' : undefined, needed, versions };
}
