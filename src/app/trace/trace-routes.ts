import { AdminError, type AdminRoute } from '../../admin/admin-route.ts';
import { TRACE_PATH } from '../../admin/api/trace-line.ts';
import type { CallWatch } from '../../watch/call-watch.ts';
import type { Counter } from '../../watch/counters.ts';
import { readTraceFilter } from './trace-filter.ts';
import { type NameSubject, TraceReader } from './trace-reader.ts';

/** How many may look at once: each costs a little of every call. */
const MOST_READERS = 8;

export interface TraceSource {
  readonly watch: Pick<CallWatch, 'add'>;
  /** The ids of the runtimes, that of the primary being empty. */
  runtimes(): readonly string[];
  /** Finds the subject of a call. */
  readonly names: NameSubject;
  /** Lines that readers were too slow for. */
  readonly lost?: Counter;
}

/** GET /v1/trace: the calls as they happen, as lines of JSON (TraceLine). Calls are watched only while a reader is there. */
export function traceRoutes({ watch, runtimes, names, lost }: TraceSource): AdminRoute[] {
  let readers = 0;
  return [
    {
      method: 'GET',
      path: TRACE_PATH,
      handle({ query, signal }) {
        const filter = readTraceFilter(query, runtimes());
        if (readers >= MOST_READERS) {
          throw new AdminError(429, `${MOST_READERS} traces run already; end one of them first`);
        }
        signal.throwIfAborted();
        readers++;
        const reader = new TraceReader(filter, names, lost);
        const remove = watch.add(reader);
        const forget = () => {
          readers--;
          remove();
        };
        signal.addEventListener('abort', forget, { once: true });
        return { kind: 'lines', lines: reader.lines(signal) };
      },
    },
  ];
}
