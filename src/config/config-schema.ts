import * as z from 'zod/mini';
import { daemonOptions, runtimeOptions } from './options.ts';
import { Fault, list, mapping, type Path, type ValueType } from './value-type.ts';

/** A file's content, as YAML has it: values by the keys of the daemon's options, and of each runtime. */
export type FileContent = Readonly<Record<string, unknown>> & {
  readonly runtimes?: ReadonlyArray<Readonly<Record<string, unknown>>>;
};

/** A fault of a file's content: its place, and a text with the remedy. */
export interface SchemaFault {
  readonly path: Path;
  readonly text: string;
  /** The value to show, if it is not the value at the path. */
  readonly shown?: string;
}

const scalars = { text: () => z.string(), int: () => z.int(), boolean: () => z.boolean() };

const runtime = mapping(
  Object.fromEntries(runtimeOptions.map(({ key, type }) => [key, type])),
  runtimeOptions.filter(({ required }) => required).map(({ key }) => key),
);

const content: ValueType = mapping({
  ...Object.fromEntries(daemonOptions.map(({ key, type }) => [key, type])),
  runtimes: list(runtime, 'is empty; the first runtime is the primary'),
});

const schema = schemaOf(content);

/** Checks a file's content, as far as one value can be right or wrong by itself. */
export function checkContent(yaml: unknown): { content: FileContent } | { faults: SchemaFault[] } {
  // An empty file is YAML's null.
  const outcome = schema.safeParse(yaml ?? {});
  if (outcome.success) return { content: outcome.data as FileContent };
  return { faults: outcome.error.issues.flatMap(issue => explain(issue, yaml)) };
}

function schemaOf(type: ValueType): z.ZodMiniType {
  const { shape } = type;
  if (shape.kind === 'list') {
    const entries = z.array(schemaOf(shape.of));
    return shape.whenEmpty === undefined ? entries : entries.check(z.minLength(1, shape.whenEmpty));
  }
  if (shape.kind === 'map') {
    const key = z.string().check(payload => judge(shape.key, payload));
    return z.record(key, schemaOf(shape.of));
  }
  if (shape.kind === 'mapping') {
    const keys = Object.entries(shape.keys).map(([name, of]) => {
      const value = schemaOf(of);
      return [name, shape.required.includes(name) ? value : z.optional(value)] as const;
    });
    return z.strictObject(Object.fromEntries(keys));
  }
  const scalar = scalars[shape.kind]();
  return (shape.nullable === true ? z.nullable(scalar) : scalar).check(payload => judge(type, payload));
}

function judge(type: ValueType, payload: z.core.ParsePayload): void {
  const fault = type.parse(payload.value);
  if (!(fault instanceof Fault)) return;
  payload.issues.push({ code: 'custom', message: fault.text, input: payload.value, path: [...fault.path] });
}

function explain(issue: z.core.$ZodIssue, yaml: unknown): SchemaFault[] {
  const path = issue.path.filter(key => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      path: [...path, key],
      text: `there is no such key; use one of ${keysAt(path).join(', ')}`,
    }));
  }
  if (issue.code === 'invalid_type') {
    const isMissing = valueAt(yaml, path) === undefined;
    return [{ path, text: isMissing ? 'is missing' : `is not ${typeNames[issue.expected] ?? issue.expected}` }];
  }
  // The key itself is wrong.
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => ({ path, text: message, shown: String(path.at(-1)) }));
  return [{ path, text: issue.message }];
}

/** The keys of the mapping at a path. */
function keysAt(path: Path): string[] {
  let { shape } = content;
  for (const key of path) {
    if (shape.kind === 'mapping') ({ shape } = shape.keys[key]!);
    else if (shape.kind === 'list' || shape.kind === 'map') ({ shape } = shape.of);
  }
  return shape.kind === 'mapping' ? Object.keys(shape.keys) : [];
}

function valueAt(yaml: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    yaml ?? {},
  );
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text; put it in quotes',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping, as key: value',
  record: 'a mapping, as key: value',
  array: 'a list, as - value',
};
