import * as z from 'zod/mini';
import { parseDuration } from '../cli/grammar/flags.ts';

const noSeparator = z.regex(/^[^,\n]*$/, 'has a comma or a line break');

/** Text that can be an entry of a flag's list. */
const entry = z.string().check(z.minLength(1, 'is empty'), noSeparator);

const glob = entry.check(z.regex(/^[^=]*$/, 'has a "="'));

const duration = z
  .string()
  .check(z.refine(text => parseDuration(text) !== undefined, 'is no duration; write it as 500ms, 1s, 2m or 1h30m'));

const timeout = duration.check(
  z.refine(text => parseDuration(text) !== 0, 'gives runtimes no time to answer; write it as 1s or 500ms'),
);

const handlerName = entry.check(z.regex(/^[^=:]*$/, 'has a "=" or a ":"'));

/** Empty, or nothing behind the colon: the runtime's default. */
const ownHandler = z.pipe(
  z.nullable(z.string().check(noSeparator)),
  z.transform(text => text ?? ''),
);

const runtime = z.strictObject({
  id: z.optional(z.string()),
  socket: entry,
  handlers: z.optional(z.record(handlerName, ownHandler)),
  annotations: z.optional(z.array(entry)),
  pins: z.optional(z.array(glob)),
  listTimeout: z.optional(timeout),
  labels: z.optional(z.record(z.string(), z.string())),
});

/** The content of a configuration file, as far as one value can be right or wrong by itself. */
const configSchema = z.strictObject({
  listen: z.optional(entry),
  logLevel: z.optional(z.int()),
  ids: z.optional(z.string()),
  imageNames: z.optional(z.string()),
  imageFs: z.optional(z.string()),
  streamUrl: z.optional(z.string()),
  streamPort: z.optional(z.int()),
  listTimeout: z.optional(timeout),
  maxSnapshotAge: z.optional(duration),
  stateDir: z.optional(z.string()),
  adminSocket: z.optional(z.string()),
  metrics: z.optional(z.string()),
  otlp: z.optional(z.string()),
  logFormat: z.optional(z.string()),
  enableFaults: z.optional(z.boolean()),
  pins: z.optional(z.array(glob)),
  runtimes: z.optional(z.array(runtime).check(z.minLength(1, 'is empty; the first runtime is the primary'))),
});

export type FileContent = z.infer<typeof configSchema>;

/** A fault of a file's content: where it is in it, and what is wrong, with the remedy. */
export interface SchemaFault {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Checks what a file's YAML means. */
export function checkContent(content: unknown): { content: FileContent } | { faults: SchemaFault[] } {
  // An empty file is YAML's null.
  const outcome = configSchema.safeParse(content ?? {});
  if (outcome.success) return { content: outcome.data };
  return { faults: outcome.error.issues.flatMap(issue => explain(issue, content)) };
}

const keysOf = { runtime: Object.keys(runtime.shape), file: Object.keys(configSchema.shape) };

function explain(issue: z.core.$ZodIssue, content: unknown): SchemaFault[] {
  const path = issue.path.filter(key => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = path.length === 0 ? keysOf.file : keysOf.runtime;
    return issue.keys.map(key => ({
      path: [...path, key],
      text: `there is no such key; use one of ${known.join(', ')}`,
    }));
  }
  if (issue.code === 'invalid_type') {
    return [
      {
        path,
        text:
          valueAt(content, path) === undefined ? 'is missing' : `is not ${typeNames[issue.expected] ?? issue.expected}`,
      },
    ];
  }
  return [{ path, text: issue.message }];
}

function valueAt(content: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    content ?? {},
  );
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text; put it in quotes',
  int: 'a whole number',
  number: 'a whole number',
  object: 'a mapping, as key: value',
  record: 'a mapping, as key: value',
  array: 'a list, as - value',
};
