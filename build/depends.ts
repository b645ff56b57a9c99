import type { Elf } from './elf.ts';

/** The GCC release that brought a symbol version of libstdc++ (gcc.gnu.org, manual, ABI Policy and Guidelines). */
const gccRelease: Readonly<Record<string, string>> = {
  'GLIBCXX_3.4.21': '5',
  'GLIBCXX_3.4.22': '6',
  'GLIBCXX_3.4.23': '7',
  'GLIBCXX_3.4.24': '7.2',
  'GLIBCXX_3.4.25': '8',
  'GLIBCXX_3.4.26': '9',
  'GLIBCXX_3.4.27': '9.2',
  'GLIBCXX_3.4.28': '9.3',
  'GLIBCXX_3.4.29': '11',
  'GLIBCXX_3.4.30': '12',
  'GLIBCXX_3.4.31': '13',
  'GLIBCXX_3.4.32': '13.2',
  'GLIBCXX_3.4.33': '14',
  'CXXABI_1.3.9': '5',
  'CXXABI_1.3.10': '6',
  'CXXABI_1.3.11': '7',
  'CXXABI_1.3.12': '9',
  'CXXABI_1.3.13': '11',
  'CXXABI_1.3.14': '13',
  'CXXABI_1.3.15': '14',
};

const compare = new Intl.Collator('en', { numeric: true }).compare;

function newest(versions: Iterable<string>): string | undefined {
  return [...versions].sort(compare).at(-1);
}

/**
 * The Debian packages, with their least versions, that a dynamic program needs; none for a static one. The list depends on symbol
 * versions alone, not on the packages of the machine that builds. Throws for a library or
 * symbol version that it does not know.
 */
export function listDepends(elf: Elf): string[] {
  const rest = new Set(
    elf.needed.filter(name => !/^(lib(c|m|dl|pthread|rt)|ld-linux-(x86-64|aarch64))\.so\.\d+$/.test(name)),
  );
  const all = [...elf.versions.values()].flat();
  const glibc = newest(all.filter(version => version.startsWith('GLIBC_')));
  const depends = glibc === undefined ? [] : [`libc6 (>= ${glibc.slice('GLIBC_'.length)})`];
  if (rest.delete('libgcc_s.so.1')) depends.push('libgcc-s1 | libgcc1');
  if (rest.delete('libstdc++.so.6')) depends.push(`libstdc++6 (>= ${newest(all.flatMap(findGcc)) ?? '5'})`);
  if (rest.delete('libatomic.so.1')) depends.push('libatomic1');
  if (rest.size > 0) throw new Error(`No Debian package known for ${[...rest].join(', ')}: add it to build/depends.ts`);
  return depends;
}

function findGcc(version: string): string[] {
  const [, family, minor] = /^(GLIBCXX_3\.4|CXXABI_1\.3)\.(\d+)$/.exec(version) ?? [];
  if (family === undefined || Number(minor) < (family.startsWith('CXX') ? 9 : 21)) return [];
  const release = gccRelease[version];
  if (release === undefined) throw new Error(`No GCC release known for ${version}: add it to build/depends.ts`);
  return [release];
}
