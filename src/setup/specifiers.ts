import { strange } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** Specifiers that this program cannot resolve (systemd.unit(5)); a letter that is none of all stands for itself. */
const unknown = 'aABcdDfgGIjJMoqrRwWyY';

const constants: Readonly<Record<string, string>> = {
  ...{ '%': '%', i: '', t: '/run', S: '/var/lib', C: '/var/cache', L: '/var/log', E: '/etc', T: '/tmp', V: '/var/tmp' },
  ...{ u: 'root', U: '0', h: '/root', s: '/bin/sh' },
};

function readLine(tree: Tree, ...paths: readonly string[]): string | undefined {
  return paths.map(path => tree.read(path)?.trim()).find(text => text !== undefined && text !== '');
}

function findValue(tree: Tree, unit: string, letter: string): string | undefined {
  const hostname = () => readLine(tree, '/proc/sys/kernel/hostname', '/etc/hostname');
  if (letter === 'n') return unit;
  if (letter === 'N' || letter === 'p') return unit.replace(/\.[^.]*$/, '');
  if (letter === 'P') return unit.replace(/\.[^.]*$/, '').replaceAll('-', '/');
  if (letter === 'H') return hostname();
  if (letter === 'l') return hostname()?.split('.')[0];
  if (letter === 'm') return readLine(tree, '/etc/machine-id');
  if (letter === 'b') return readLine(tree, '/proc/sys/kernel/random/boot_id')?.replaceAll('-', '');
  if (letter === 'v') return readLine(tree, '/proc/sys/kernel/osrelease');
  return constants[letter];
}

/** Puts their values in the place of systemd's specifiers. Throws a SetupError, about `file`, for one that is not known here. */
export function expandSpecifiers(tree: Tree, unit: string, file: string, text: string): string {
  return text.replace(/%(.)/g, (whole, letter: string) => {
    const value = findValue(tree, unit, letter);
    if (value !== undefined) return value;
    if (!unknown.includes(letter) && !/[HlmbvP]/.test(letter)) return whole;
    throw strange(
      file,
      `the value of the specifier ${whole} is not known here: ${text}`,
      'write its value in its place',
    );
  });
}
