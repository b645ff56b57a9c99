import { readPage } from './markdown.ts';

/** A file or a command of the page, or a part of a pod's spec. */
export type Action = { readonly file: string; readonly content: string } | { readonly command: string };

export const CONFIG = '/etc/criproxy/config.yaml';

/** The actions of docs/sockets.md below a heading, in order. The name of a file is in its first line. */
export function actionsOf(heading: string): Action[] {
  const section = readPage('docs/sockets.md')
    .text.split(/^## /m)
    .find(each => each.startsWith(`${heading}\n`))!;
  const found = section.matchAll(/^```\w+\n# (.*)\n([\s\S]*?)^```|^ {4}(\S.*)$/gm);
  return [...found].map(([, file, content, command]) =>
    command === undefined ? { file: file!, content: content! } : { command },
  );
}

const first = actionsOf('A monitoring agent');
const backAt = first.findIndex(action => 'command' in action && action.command === 'criproxy reload');

/** The first example without its way back, its way back, and the spec of its pod. */
export const monitoring: readonly Action[] = first.slice(0, backAt);
export const wayBack: readonly Action[] = first.slice(backAt);
export const podSpec: string = first.flatMap(each =>
  'file' in each && each.file === "The pod's spec" ? [each.content] : [],
)[0]!;

/** The steps of the first example for another one: with its name, and without its own rules. */
export function stepsFor(name: string, heading: string): Action[] {
  const [group, ...own] = actionsOf(heading);
  const steps = monitoring
    .slice(1)
    .map(action =>
      'command' in action
        ? { command: action.command.replaceAll('monitoring', name) }
        : { file: action.file.replaceAll('monitoring', name), content: action.content.replaceAll('monitoring', name) },
    );
  return [group!, ...steps.flatMap(step => ('file' in step && step.file === CONFIG ? own : step))];
}
