import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { type Architecture, architectureNames, architectures } from './architecture.ts';

/** A program's needs at start. `interpreter` is the path of the dynamic linker, `versions` are symbol versions such as `GLIBC_2.28`, by library. */
export interface Elf {
  readonly architecture: Architecture;
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

/** How a program is linked, and to which C library. */
export interface Linking {
  readonly linking: 'static' | 'dynamic';
  readonly libc: 'glibc' | 'musl';
}

const MACHINE = 18;
const INTERPRETER = 3;

/** Reads an ELF file's headers, and its dynamic section through binutils' objdump. Throws for other machines than ours. */
export function readElf(path: string): Elf {
  const text = runBinutils('objdump', path, ['-p', path]);
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
  return { architecture: readArchitecture(path), interpreter: readInterpreter(readFileSync(path)), needed, versions };
}

/** A static program with glibc reads this variable at its start; pkg's static bases are the only others here, and have musl. */
export function readLinking(path: string): Linking {
  const bytes = readFileSync(path);
  const interpreter = readInterpreter(bytes);
  if (interpreter !== undefined) return { linking: 'dynamic', libc: /\/ld-musl-/.test(interpreter) ? 'musl' : 'glibc' };
  return { linking: 'static', libc: bytes.includes('GLIBC_TUNABLES') ? 'glibc' : 'musl' };
}

/** Runs the program of binutils that has this name and knows the machine of an ELF file. */
export function runBinutils(program: string, path: string, args: readonly string[]): string {
  const { binutils } = architectures[readArchitecture(path)];
  return execFileSync(`${binutils}-${program}`, args, { encoding: 'utf8', maxBuffer: 256e6 });
}

function readArchitecture(path: string): Architecture {
  const header = Buffer.alloc(MACHINE + 2);
  const file = openSync(path, 'r');
  readSync(file, header);
  closeSync(file);
  const machine = header.toString('latin1', 0, 4) === '\x7fELF' ? header.readUInt16LE(MACHINE) : undefined;
  const found = architectureNames.find(name => architectures[name].machine === machine);
  if (found === undefined) throw new Error(`${path} is no program for ${architectureNames.join(' or ')}`);
  return found;
}

/** Read from the program header PT_INTERP of a file of 64 bits. */
function readInterpreter(bytes: Buffer): string | undefined {
  const [table, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  const headers = Array.from({ length: count }, (_, index) => bytes.subarray(table + index * size));
  const found = headers.find(header => header.readUInt32LE(0) === INTERPRETER);
  if (found === undefined) return undefined;
  const [offset, length] = [8, 32].map(at => Number(found.readBigUInt64LE(at))) as [number, number];
  return bytes.toString('latin1', offset, offset + length).replace(/\0.*$/s, '');
}
