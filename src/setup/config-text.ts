import { type Document, isAlias, isMap, isScalar, type Pair, parseAllDocuments, type YAMLMap } from 'yaml';

/**
 * The text of a KubeletConfiguration, as the kubelet reads it (pkg/kubelet/kubeletconfig/util/codec, sigs.k8s.io/yaml): YAML
 * or JSON, YAML 1.1 with merge keys, the first document alone, the last of two equal keys.
 */
interface ConfigText {
  readonly document: Document;
  readonly root: YAMLMap | undefined;
}

/** Throws an Error with the first fault of the YAML. */
function parse(text: string): ConfigText | undefined {
  const documents = parseAllDocuments(text, { version: '1.1', uniqueKeys: false });
  const document = 'empty' in documents ? undefined : documents[0];
  if (document === undefined) return undefined;
  if (document.errors[0] !== undefined) throw new Error(document.errors[0].message.split('\n')[0]);
  return { document, root: isMap(document.contents) ? document.contents : undefined };
}

/** The configuration as an object; undefined if the text holds nothing. Throws an Error if it is not YAML. */
export function readConfigText(text: string): unknown {
  return parse(text)?.document.toJS() ?? undefined;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function rangeOf(node: unknown): Range | undefined {
  const range = isScalar(node) || isAlias(node) ? node.range : undefined;
  return range ? { start: range[0], end: range[1] } : undefined;
}

function findPair(root: YAMLMap, key: string): Pair | undefined {
  return root.items.findLast(({ key: node }) => isScalar(node) && node.value === key);
}

/** An edit that gives a key its value: `new` in the place of the raw text `old`; without `old`, the line `added` with `new` in it. */
export interface ConfigEdit {
  readonly old?: string;
  readonly new: string;
  readonly added?: string;
}

/** A plain scalar, also inside `{}`, to every reader of YAML. */
const PLAIN = /^[\w/.@+-]+(:[\w/.@+-]+)*$/;

/** In the style of the text that it replaces: quoted, or a block of lines. */
function styleValue(value: string, old: string, inFlow: boolean): string {
  const text = inFlow || /^["']/.test(old) || !PLAIN.test(value) ? JSON.stringify(value) : value;
  return /^[|>]/.test(old) ? text + (/\r?\n$/.exec(old)?.[0] ?? '') : text;
}

/** The place of a new key, and the text that goes there before and behind it. */
interface Gap {
  readonly at: number;
  readonly before: string;
  readonly behind: string;
}

/** At the front of `{...}`, else below the line of `kind`, which every KubeletConfiguration has. */
function findGap(text: string, root: YAMLMap): Gap | undefined {
  if (root.flow) {
    const first = rangeOf(root.items[0]?.key);
    const space = first && /\s*$/.exec(text.slice(root.range![0] + 1, first.start))![0];
    return first && { at: first.start, before: '', behind: `,${space || ' '}` };
  }
  const kind = findPair(root, 'kind');
  const [name, value] = [rangeOf(kind?.key), rangeOf(kind?.value)];
  if (name === undefined || value === undefined) return undefined;
  const indent = text.slice(text.lastIndexOf('\n', name.start) + 1, name.start).replace('\uFEFF', '');
  if (/\S/.test(indent)) return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const end = text.indexOf('\n', value.end);
  return end === -1
    ? { at: text.length, before: eol + indent, behind: '' }
    : { at: end + 1, before: indent, behind: eol };
}

function splice(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** Whether two texts say the same but for some keys: the value of an anchor may be that of other keys too. */
function saysTheSame(one: string, other: string, but: readonly string[]): boolean {
  const rest = (text: string) => {
    const config = { ...(readConfigText(text) as object) } as Record<string, unknown>;
    for (const key of but) delete config[key];
    return JSON.stringify(config);
  };
  return rest(one) === rest(other);
}

const NO_PLACE = 'it is written in a way that has no place for a new key';

/**
 * The edit that gives `key` a value and changes nothing else but, where they share it, the keys of `alike`; a text that tells
 * why there is none. Throws an Error if the text is not YAML.
 */
export function planConfigEdit(
  text: string,
  key: string,
  value: string,
  alike: readonly string[],
): ConfigEdit | string {
  const root = parse(text)?.root;
  if (root === undefined) return 'it holds no keys';
  const pair = findPair(root, key);
  const range = rangeOf(pair?.value);
  let edit: ConfigEdit;
  if (pair === undefined) {
    const gap = findGap(text, root);
    if (gap === undefined) return NO_PLACE;
    const raw = styleValue(value, ':', root.flow === true);
    edit = { new: raw, added: `${gap.before}${root.flow ? `"${key}"` : key}: ${raw}${gap.behind}` };
  } else {
    if (range === undefined) return `${key} holds no text`;
    const old = text.slice(range.start, range.end);
    const raw = styleValue(value, old, root.flow === true);
    // A key without a value, with or without a space and a comment after it.
    const before = old === '' && text[range.start - 1] === ':' ? ' ' : '';
    const behind = old === '' && text[range.end] === '#' ? ' ' : '';
    edit = { old, new: before + raw + behind };
  }
  const after = makeConfigEdit(edit, text, key);
  if (after === undefined || (readConfigText(after) as Record<string, unknown>)[key] !== value) return NO_PLACE;
  return saysTheSame(text, after, [key, ...alike])
    ? edit
    : `${key} shares its value with other keys (a YAML anchor), and they would change with it`;
}

/** A record may be of a release that put the line at the end, and noted the value alone. */
function addedText(edit: ConfigEdit, key: string): string {
  return edit.added ?? `${key}: ${edit.new}\n`;
}

function findRoot(text: string): YAMLMap | undefined {
  try {
    return parse(text)?.root;
  } catch {
    return undefined;
  }
}

/** The text with the edit; undefined if the edit does not fit the text. */
export function makeConfigEdit(edit: ConfigEdit, text: string, key: string): string | undefined {
  const root = findRoot(text);
  if (root === undefined) return undefined;
  const pair = findPair(root, key);
  if (edit.old !== undefined) {
    const range = rangeOf(pair?.value);
    const isOld = range !== undefined && text.slice(range.start, range.end) === edit.old;
    return isOld ? splice(text, range.start, range.end, edit.new) : undefined;
  }
  const gap = pair === undefined ? findGap(text, root) : undefined;
  return gap && splice(text, gap.at, gap.at, addedText(edit, key));
}

/** The text without the edit, and, apart from it, as it is now; undefined if the key has another value by now. */
export function undoConfigEdit(edit: ConfigEdit, text: string, key: string): string | undefined {
  const root = findRoot(text);
  const pair = root && findPair(root, key);
  const [name, value] = [rangeOf(pair?.key), rangeOf(pair?.value)];
  if (name === undefined || value === undefined) return undefined;
  if (edit.old !== undefined) {
    const start = value.start - (edit.new.length - edit.new.trimStart().length);
    const end = start + edit.new.length;
    return text.slice(start, end) === edit.new ? splice(text, start, end, edit.old) : undefined;
  }
  const added = addedText(edit, key);
  const start = name.start - added.search(/[^\s]/);
  return text.startsWith(added, start) ? splice(text, start, start + added.length, '') : undefined;
}
