/** The path of a socket as the name of a file: `/` is `+`, and each byte that is not plain in a name is `%` with two hex digits. */
export function nameOfSocket(socket: string): string {
  return [...Buffer.from(socket)].map(byte => encodeByte(String.fromCharCode(byte), byte)).join('');
}

function encodeByte(char: string, byte: number): string {
  if (char === '/') return '+';
  return /[\w.-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
}

/** The socket that a file of this name says something of; undefined for any other file. */
export function socketOf(file: string): string | undefined {
  const [, name] = /^(\+[\w.%+-]*?)(?:@copy|@known)?\.snapshot$/.exec(file) ?? [];
  if (name === undefined) return undefined;
  const bytes = name
    .replaceAll('+', '/')
    .replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The id of the runtime in the name of a file of an earlier version, `primary.snapshot` or `runtime-ID.snapshot`. */
export function oldIdOf(file: string): string | undefined {
  if (file === 'primary.snapshot') return '';
  return /^runtime-(.+)\.snapshot$/.exec(file)?.[1];
}
