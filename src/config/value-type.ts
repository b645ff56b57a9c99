export type Path = readonly (string | number)[];

/** A fault of a value, `is not a port; use 1 to 65535`, or a whole sentence after a colon, `: no such folder`. */
export class Fault {
  readonly text: string;
  /** Of the part that is wrong, within the value. */
  readonly path: Path;
  /** The value to show, if it is not the given one. */
  readonly shown: string | undefined;

  constructor(text: string, path: Path = [], shown?: string) {
    this.text = text;
    this.path = path;
    this.shown = shown;
  }
}

/** How YAML writes a value. The keys of a mapping are known, those of a map are not. */
export type Shape =
  | { readonly kind: 'text' | 'int' | 'boolean'; readonly nullable?: true }
  | { readonly kind: 'list'; readonly of: ValueType; readonly whenEmpty?: string }
  | { readonly kind: 'map'; readonly key: ValueType; readonly of: ValueType }
  | {
      readonly kind: 'mapping';
      readonly keys: Readonly<Record<string, ValueType>>;
      readonly required: readonly string[];
    };

/** A kind of value: its shape, its meaning and its text. */
export interface ValueType<T = unknown> {
  readonly shape: Shape;
  /** The placeholder of a value in help texts: FILE, SOCKET, FOLDER are paths, `one|other` are the words it can be. */
  readonly placeholder: string;
  /** `raw` has the shape. */
  parse(raw: unknown): T | Fault;
  /** The value for a person, in a list of changes. */
  describe(value: T): string;
  /** `raw` for a person, without secrets; as it is, if left out. */
  conceal?(raw: unknown): unknown;
}

/** A value whose meaning is in its text. */
export function text<T>(
  placeholder: string,
  parse: (raw: string) => T | Fault,
  describe: (value: T) => string = String,
): ValueType<T> {
  return { shape: { kind: 'text' }, placeholder, parse: raw => parse(raw as string), describe };
}

export function wholeNumber<T>(placeholder: string, parse: (raw: number) => T | Fault): ValueType<T> {
  return { shape: { kind: 'int' }, placeholder, parse: raw => parse(raw as number), describe: String };
}

export const yesOrNo: ValueType<boolean> = {
  shape: { kind: 'boolean' },
  placeholder: '',
  parse: raw => raw as boolean,
  describe: String,
};

/** Empty text is undefined, which `unset` says to a person. */
export function optional<T>(type: ValueType<T>, unset = 'none'): ValueType<T | undefined> {
  return {
    ...type,
    parse: raw => (raw === '' ? undefined : type.parse(raw)),
    describe: value => (value === undefined ? unset : type.describe(value)),
  };
}

/** `whenEmpty`: the fault of a list without entries, if it is one. */
export function list<T>(of: ValueType<T>, whenEmpty?: string): ValueType<readonly T[]> {
  return {
    shape: { kind: 'list', of, ...(whenEmpty !== undefined && { whenEmpty }) },
    placeholder: `${of.placeholder},...`,
    parse: raw =>
      parseParts(
        (raw as readonly unknown[]).map((part, at) => [at, of, part] as const),
        parts => parts as T[],
      ),
    describe: values => joined(values.map(value => of.describe(value))),
  };
}

/** `describe`: of an entry. */
export function map<T>(
  key: ValueType<string>,
  of: ValueType<T>,
  describe = (name: string, value: T) => `${name}=${of.describe(value)}`,
): ValueType<Readonly<Record<string, T>>> {
  return {
    shape: { kind: 'map', key, of },
    placeholder: `${key.placeholder}=${of.placeholder},...`,
    parse(raw) {
      const entries = Object.entries(raw as object);
      const wrong = entries.map(([name]) => [name, key.parse(name)] as const).find(([, name]) => name instanceof Fault);
      if (wrong !== undefined) return new Fault((wrong[1] as Fault).text, [wrong[0]]);
      return parseParts(
        entries.map(([name, part]) => [name, of, part] as const),
        parts => Object.fromEntries(entries.map(([name], at) => [name, parts[at] as T])),
      );
    },
    describe: values => joined(Object.entries(values).map(([name, value]) => describe(name, value))),
  };
}

type Keys = Readonly<Record<string, ValueType>>;
type Parsed<Type> = Type extends ValueType<infer T> ? T : never;

/** `required`: the keys that cannot be left out; any other one is undefined then. */
export function mapping<const K extends Keys, const R extends keyof K & string = never>(
  keys: K,
  required: readonly R[] = [],
): ValueType<{ readonly [Key in keyof K]: Parsed<K[Key]> | (Key extends R ? never : undefined) }> {
  return {
    shape: { kind: 'mapping', keys, required },
    placeholder: '',
    parse(raw) {
      const given = Object.entries(raw as object).filter(([, part]) => part !== undefined);
      return parseParts(
        given.map(([name, part]) => [name, keys[name]!, part] as const),
        parts => Object.fromEntries(given.map(([name], at) => [name, parts[at]])) as never,
      );
    },
    describe: value =>
      Object.entries(value as Readonly<Record<string, unknown>>)
        .map(([name, part]) => `${name} ${keys[name]!.describe(part)}`)
        .join(' '),
  };
}

function parseParts<T>(
  parts: ReadonlyArray<readonly [key: string | number, type: ValueType, raw: unknown]>,
  join: (parsed: readonly unknown[]) => T,
): T | Fault {
  const parsed: unknown[] = [];
  for (const [key, type, raw] of parts) {
    const part = type.parse(raw);
    if (part instanceof Fault) return new Fault(part.text, [key, ...part.path], part.shown);
    parsed.push(part);
  }
  return join(parsed);
}

function joined(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.join(', ');
}
