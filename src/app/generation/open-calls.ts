import { IdTable } from '../../base/id-table.ts';
import type { CallRecord } from '../../watch/call-record.ts';
import type { CallObserver } from '../../watch/call-watch.ts';

/** Calls that end with their client alone, and outlast any change of the configuration. */
const endless = '/GetContainerEvents';

/** The clients' calls in flight. */
export class OpenCalls implements CallObserver {
  private readonly open = new IdTable<CallRecord>();
  private readonly waits = new Set<{ calls: Set<CallRecord>; done: () => void }>();

  begun(call: CallRecord): void {
    if (!call.path.endsWith(endless)) this.open.add(call);
  }

  ended(call: CallRecord): void {
    this.open.delete(call.id);
    for (const { calls, done } of this.waits) if (calls.delete(call) && calls.size === 0) done();
  }

  /** Resolves when the calls that are in flight now have ended, streams of events aside; at the latest after `limit` ms. */
  over(limit: number): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    return new Promise(resolve => {
      const wait = { calls: new Set(this.open.all()), done };
      const timer = setTimeout(done, limit);
      timer.unref();
      this.waits.add(wait);
      const { waits } = this;
      function done(): void {
        clearTimeout(timer);
        waits.delete(wait);
        resolve();
      }
    });
  }
}
