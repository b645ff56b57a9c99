import { AdminError } from '../../admin/admin-route.ts';
import { type TraceQuery, traceFilters } from '../../admin/api/trace-line.ts';
import { globMatcher } from '../../base/glob.ts';
import { runtimeLabel, runtimeOfLabel } from '../../base/runtime-name.ts';

/** Which calls a reader wants, all of these at once, and how much of each. */
export interface TraceFilter {
  /** By namespace and name; undefined: calls for no pod too. */
  readonly pod: ((namespace: string, name: string) => boolean) | undefined;
  /** The id of a runtime that must have been asked, empty for the primary; undefined: any. */
  readonly runtime: string | undefined;
  readonly method: ((name: string) => boolean) | undefined;
  /** By the path of the socket, empty for the node's own; undefined: any. */
  readonly socket: ((path: string) => boolean) | undefined;
  readonly errors: boolean;
  /** The least duration in ms. */
  readonly slow: number;
  /** Requests and responses, decoded. */
  readonly body: boolean;
  /** Requests as bytes. */
  readonly record: boolean;
}

/** `runtimes`: the ids that there are. Throws an AdminError. */
export function readTraceFilter(query: URLSearchParams, runtimes: readonly string[]): TraceFilter {
  for (const name of query.keys()) {
    if (!traceFilters.some(each => each === name))
      throw new AdminError(400, `"${name}": there is no such filter; use ${traceFilters.join(', ')}`);
  }
  const [method, socket] = [query.get('method'), query.get('socket')];
  return {
    pod: readPod(query.get('pod')),
    runtime: readRuntimeId(query.get('runtime'), runtimes),
    method: method === null ? undefined : globMatcher(method),
    socket: socket === null ? undefined : globMatcher(socket),
    errors: isSet(query, 'errors'),
    slow: readSlow(query.get('slow')),
    body: isSet(query, 'body'),
    record: isSet(query, 'record'),
  };
}

/** `[NAMESPACE/]NAME`, both globs. */
function readPod(text: string | null): TraceFilter['pod'] {
  if (text === null) return undefined;
  const at = text.indexOf('/');
  const ofNamespace = globMatcher(at < 0 ? '*' : text.slice(0, at));
  const ofName = globMatcher(text.slice(at + 1));
  return (namespace, name) => ofNamespace(namespace) && ofName(name);
}

/** The id of the runtime that a person names by its label or id. Throws an AdminError for an unknown name. */
export function readRuntimeId(text: string | null, runtimes: readonly string[]): string | undefined {
  if (text === null) return undefined;
  const id = runtimeOfLabel(text, runtimes);
  if (id !== undefined) return id;
  const known = runtimes.map(runtimeLabel).join(', ');
  throw new AdminError(400, `there is no runtime "${text}"; use one of ${known}`);
}

function isSet(query: URLSearchParams, name: keyof TraceQuery): boolean {
  const text = query.get(name);
  if (text === null) return false;
  if (/^(?:true|false)$/.test(text)) return text === 'true';
  throw new AdminError(400, `${name}: "${text}" is neither true nor false`);
}

function readSlow(text: string | null): number {
  if (text === null) return 0;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new AdminError(400, `slow: "${text}" is no number of milliseconds`);
}
