import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBinutils } from './elf.ts';

/** The place of ICU's data in a file, in bytes. */
interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Folders of ICU's data that Node's own small-icu leaves out, except the data that their bundles share (its tools/icu/icu_small.json). */
const dropped = /^(brkitr|lang|rbnf|region|translit|unit)\/(?!pool\.res$)/;

/** Converters from other encodings than Unicode's, and names of characters: small-icu has none of them either. */
const unused = /\.cnv$|^(cnvalias|unames)\.icu$|^confusables\.cfu$|^genderList\.res$/;

/** A locale's bundle, as `de_AT.res`, `curr/de.res`. */
const locale = /^(?:[a-z]+\/)?([a-z]{2,3}(?:_\w*)?)\.res$/;

/** Whether an item stays: English, the bundles that other locales fall back to, and the lists of locales. */
function isKept(item: string): boolean {
  if (dropped.test(item) || unused.test(item)) return false;
  const name = locale.exec(item)?.[1];
  return name === undefined || /^(en|en_US|res_index)$/.test(name);
}

/**
 * Cuts the data of ICU in a Node.js executable down to English: the program uses nothing of Intl, and V8 only the time zones.
 * Zeros replace the rest: the file is as long as before, and the package is a third smaller. Returns the bytes that were
 * cleared. Needs binutils and icu-devtools.
 */
export function trimIcu(program: string): number {
  const place = findData(program);
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-icu-'));
  const file = openSync(program, 'r+');
  try {
    const whole = Buffer.alloc(place.size);
    readSync(file, whole, 0, place.size, place.offset);
    const small = removeItems(whole, folder);
    writeSync(file, Buffer.concat([small, Buffer.alloc(place.size - small.length)]), 0, place.size, place.offset);
    return place.size - small.length;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

function removeItems(data: Buffer, folder: string): Buffer {
  // ICU looks for items by this prefix, which icupkg takes from the name of the file that it writes.
  const name = /^icudt\d+l(?=\/)/.exec(data.toString('latin1', data.indexOf('icudt')))?.[0];
  if (name === undefined) throw new Error('The executable has data of ICU that are not understood');
  const [file, list] = [join(folder, `${name}.dat`), join(folder, 'unused.txt')];
  writeFileSync(file, data);
  const items = icupkg('-l', file).trim().split('\n');
  writeFileSync(list, items.filter(item => !isKept(item)).join('\n'));
  icupkg('-r', list, file);
  return readFileSync(file);
}

function icupkg(...args: string[]): string {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
  return execFileSync('icupkg', args, { encoding: 'utf8', env, maxBuffer: 16e6 });
}

/** Finds the data by the symbol that ICU looks up; the symbol's section says where the address is in the file. */
function findData(program: string): Place {
  const symbols = runBinutils('objdump', program, ['-T', program]);
  const [, address, section, size] = /^(\w+) g +DO (\S+)\t(\w+) .*\bicudt\d+_dat$/m.exec(symbols) ?? [];
  const sections = runBinutils('objdump', program, ['-h', program]);
  const [, start, offset] =
    new RegExp(`^ +\\d+ ${section?.replace('.', '\\.')} +\\w+ +(\\w+) +\\w+ +(\\w+)`, 'm').exec(sections) ?? [];
  if (address === undefined || start === undefined || offset === undefined)
    throw new Error(`${program} has no data of ICU`);
  const hex = (text: string) => Number.parseInt(text, 16);
  return { offset: hex(address) - hex(start) + hex(offset), size: hex(size!) };
}
