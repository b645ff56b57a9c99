import type { Component } from './components.ts';

/** A licence text as a field of Debian's copyright format: indented, empty lines as dots. */
function indent(text: string): string {
  return text
    .replace(/\r/g, '')
    .split('\n')
    .map(line => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}

const COMMON = ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.';

function findHolders(text: string): string {
  const lines = text
    .split('\n')
    .flatMap(line => /^\s*(copyright\s+(?:\(c\)\s*)?(?:©\s*)?\d{4}.*)$/i.exec(line)?.[1] ?? []);
  return lines[0]?.trim() ?? 'see the text of the licence';
}

/** The package's copyright file (Debian copyright format 1.0): `header`, then a paragraph with the full text a component. */
export function renderCopyright(header: string, components: readonly Component[]): string {
  const paragraphs = components.map(({ name, version, licence, text }) =>
    [
      `Files: usr/bin/criproxy`,
      `Comment: ${name} ${version}`,
      `Copyright: ${findHolders(text)}`,
      `License: ${licence}`,
      licence === 'Apache-2.0' ? COMMON : indent(text),
    ].join('\n'),
  );
  return `${[header.trim(), ...paragraphs].join('\n\n')}\n`;
}
