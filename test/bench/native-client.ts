import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Job, JobResult } from './load-client.ts';

/** The client of native/client.go. */
export class NativeClient {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.child = child;
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** One at a time. Rejects when a call has failed. */
  async run(job: Job): Promise<JobResult> {
    this.child.stdin!.write(`${JSON.stringify(job)}\n`);
    const line = await this.lines.next();
    if (line.done) throw new Error('the native client has ended');
    const result = JSON.parse(line.value);
    if (result.error !== undefined) throw new Error(result.error);
    return result;
  }
}
