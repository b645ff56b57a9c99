import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { joinXz } from './join-xz.ts';

/** A member of a Debian package, which is an archive of ar(5). */
interface Member {
  readonly name: string;
  readonly content: Buffer;
}

const MAGIC = '!<arch>\n';
const MEMBER_HEADER = 60;
const TAR_BLOCK = 512;

/**
 * Compresses packages that dpkg-deb has built with -Znone, by xz, which every dpkg since Debian 7 reads; zstd only Debian's since
 * 1.21.18 (Debian 12). The bytes of the archive of files up to the end of `program` are compressed once for all packages in
 * which they are the same.
 */
export class DebCompressor {
  readonly #program: string;
  readonly #pack: (input: Buffer) => Buffer;
  readonly #packed = new Map<string, Buffer>();

  /** `program`: a path as in the package, `./usr/bin/x`. */
  constructor(program: string, pack: (input: Buffer) => Buffer) {
    this.#program = program;
    this.#pack = pack;
  }

  compress(deb: string): void {
    const members = readMembers(readFileSync(deb)).map(({ name, content }) => {
      if (name === 'control.tar') return { name: `${name}.xz`, content: this.#pack(content) };
      return name === 'data.tar' ? { name: `${name}.xz`, content: this.#compressData(content) } : { name, content };
    });
    writeFileSync(deb, writeMembers(members));
  }

  #compressData(tar: Buffer): Buffer {
    const end = findEnd(tar, this.#program);
    return joinXz([this.#compressOnce(tar.subarray(0, end)), this.#pack(tar.subarray(end))]);
  }

  #compressOnce(bytes: Buffer): Buffer {
    const sum = createHash('sha256').update(bytes).digest('hex');
    const packed = this.#packed.get(sum) ?? this.#pack(bytes);
    this.#packed.set(sum, packed);
    return packed;
  }
}

/**
 * Packs by xz, behind a filter for machine code if there is one (`--x86`). With more than one thread xz cuts its input into blocks of
 * a fixed size, however many threads there are. Behind its filter preset 4 makes less of a program than preset 6 without, in two
 * thirds of the time.
 */
export function packXz(filter: readonly string[]): (input: Buffer) => Buffer {
  const args = [...filter, '--lzma2=preset=4', '--threads=2', '--check=crc32', '--stdout'];
  return input => execFileSync('xz', args, { input, maxBuffer: input.length + 1e6 });
}

/** The offset behind a file of a tar archive. Throws if the archive does not have it. */
function findEnd(tar: Buffer, path: string): number {
  for (let at = 0; tar[at] !== 0 && at < tar.length; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    const next = at + TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    if (tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '') === path) return next;
    at = next;
  }
  throw new Error(`The package has no ${path}`);
}

function readMembers(archive: Buffer): Member[] {
  const members: Member[] = [];
  for (let at = MAGIC.length; at < archive.length; ) {
    const text = (from: number, to: number) => archive.toString('latin1', at + from, at + to).trimEnd();
    const begin = at + MEMBER_HEADER;
    const size = Number(text(48, 58));
    members.push({ name: text(0, 16).replace(/\/$/, ''), content: archive.subarray(begin, begin + size) });
    at = begin + size + (size % 2);
  }
  return members;
}

/** Times are zero and the owner is root: dpkg uses neither. */
function writeMembers(members: readonly Member[]): Buffer {
  const parts = members.flatMap(({ name, content }) => {
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
    const header = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`;
    return [Buffer.from(header, 'latin1'), content, Buffer.alloc(content.length % 2, '\n')];
  });
  return Buffer.concat([Buffer.from(MAGIC), ...parts]);
}
