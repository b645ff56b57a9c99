import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Job, JobResult } from './load-client.ts';
import type { PlanJob, PlanResult } from './plan.ts';

/** A process that makes calls. Jobs may be given while others run; each rejects when one of its calls fails. */
export interface LoadClient {
  readonly pid: number;
  run(job: Job): Promise<JobResult>;
  play(job: PlanJob): Promise<PlanResult>;
}

interface Done {
  readonly id: number;
  readonly error?: string;
  readonly result?: unknown;
}

/** load-client.ts, started with an IPC channel. */
export function nodeClient(child: ChildProcess): LoadClient {
  const jobs = new Jobs(message => child.send(message));
  child.on('message', message => jobs.end(message as Done));
  child.once('exit', () => jobs.lose());
  return jobs.client(child.pid!);
}

/** native/client.go, started with its input and output as pipes: a job in JSON a line in, a result a line out. */
export function nativeClient(child: ChildProcess): LoadClient {
  const jobs = new Jobs(message => child.stdin!.write(`${JSON.stringify(message)}\n`));
  createInterface({ input: child.stdout! }).on('line', line => jobs.end(JSON.parse(line)));
  child.once('exit', () => jobs.lose());
  return jobs.client(child.pid!);
}

class Jobs {
  private readonly waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  private readonly send: (message: { id: number; job: Job | PlanJob }) => void;
  private count = 0;

  constructor(send: (message: { id: number; job: Job | PlanJob }) => void) {
    this.send = send;
  }

  client(pid: number): LoadClient {
    return {
      pid,
      run: job => this.begin(job) as Promise<JobResult>,
      play: job => this.begin(job) as Promise<PlanResult>,
    };
  }

  end({ id, error, result }: Done): void {
    const job = this.waiting.get(id)!;
    this.waiting.delete(id);
    if (error !== undefined) job.reject(new Error(error));
    else job.resolve(result);
  }

  lose(): void {
    for (const { reject } of this.waiting.values()) reject(new Error('the client has ended'));
    this.waiting.clear();
  }

  private begin(job: Job | PlanJob): Promise<unknown> {
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ id, job });
    });
  }
}
