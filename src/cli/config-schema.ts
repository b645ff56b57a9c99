import { z } from 'zod';
import { parseDuration } from './flags.ts';

/** Text that can be an entry of a flag's list. */
const entry = z
  .string()
  .min(1, 'is empty')
  .regex(/^[^,\n]*$/, 'has a comma or a line break');

const duration = z
  .string()
  .refine(text => parseDuration(text) !== undefined, 'is no duration; write it as 500ms, 1s, 2m or 1h30m');

const timeout = duration.refine(
  text => parseDuration(text) !== 0,
  'gives runtimes no time to answer; write it as 1s or 500ms',
);

/** Empty, or nothing behind the colon: the runtime's default. */
const ownHandler = z
  .string()
  .regex(/^[^,\n]*$/, 'has a comma or a line break')
  .nullable()
  .transform(text => text ?? '');

const handlerName = entry.regex(/^[^=:]*$/, 'has a "=" or a ":"');

const runtime = z.strictObject({
  id: z.string().optional(),
  socket: entry,
  handlers: z.record(handlerName, ownHandler).optional(),
  annotations: z.array(entry).optional(),
  pins: z.array(entry.regex(/^[^=]*$/, 'has a "="')).optional(),
  listTimeout: timeout.optional(),
  labels: z.record(z.string().min(1), z.string()).optional(),
});

/** The content of a configuration file, as far as one value can be right or wrong by itself. */
export const configSchema = z.strictObject({
  listen: entry.optional(),
  logLevel: z.int().optional(),
  ids: z.string().optional(),
  imageFs: z.string().optional(),
  streamUrl: z.string().optional(),
  streamPort: z.int().optional(),
  listTimeout: timeout.optional(),
  maxSnapshotAge: duration.optional(),
  stateDir: z.string().optional(),
  pins: z.array(entry.regex(/^[^=]*$/, 'has a "="')).optional(),
  runtimes: z.array(runtime).min(1, 'is empty; the first runtime is the primary').optional(),
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
  return { faults: outcome.error.issues.flatMap(issue => explain(issue as z.core.$ZodIssue)) };
}

const keysOf = { runtime: Object.keys(runtime.shape), file: Object.keys(configSchema.shape) };

function explain(issue: z.core.$ZodIssue): SchemaFault[] {
  const path = issue.path.filter(key => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = path.length === 0 ? keysOf.file : keysOf.runtime;
    return issue.keys.map(key => ({
      path: [...path, key],
      text: `there is no such key; use one of ${known.join(', ')}`,
    }));
  }
  if (issue.code === 'invalid_type') {
    const isMissing = issue.input === undefined && issue.message.endsWith('received undefined');
    return [{ path, text: isMissing ? 'is missing' : `is not ${typeNames[issue.expected] ?? issue.expected}` }];
  }
  return [{ path, text: issue.message }];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text; put it in quotes',
  int: 'a whole number',
  number: 'a whole number',
  object: 'a mapping, as key: value',
  record: 'a mapping, as key: value',
  array: 'a list, as - value',
};
