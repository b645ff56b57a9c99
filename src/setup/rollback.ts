import type { Kept } from './disk.ts';
import type { Host } from './host.ts';
import { SetupError } from './setup-error.ts';

/** The state before a change, to go back to if a later step fails. */
export class Rollback {
  readonly #host: Host;
  readonly #steps: (() => Promise<void> | void)[] = [];
  readonly #kept = new Map<string, Kept>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** `step` will be done after the steps that are pushed later. */
  push(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** Writes a file, and remembers its contents from before the first write. */
  write(path: string, text: string): void {
    this.#keep(path);
    this.#host.files.write(path, text);
  }

  /** Replaces a file by a copy of another. */
  copy(from: string, to: string, mode: number): void {
    this.#keep(to);
    this.#host.files.copy(from, to, mode);
  }

  remove(path: string): void {
    this.#keep(path);
    this.#host.files.remove(path);
  }

  #keep(path: string): void {
    if (this.#kept.has(path)) return;
    const kept = this.#host.files.keep(path);
    this.#kept.set(path, kept);
    this.push(() => kept.restore());
  }

  /** The changes stay. */
  commit(): void {
    for (const kept of this.#kept.values()) kept.forget();
  }

  /** Goes back, all the way even if a step fails; returns the error to throw for `fault`. */
  async run(fault: unknown): Promise<unknown> {
    const faults: string[] = [];
    for (const step of this.#steps.reverse())
      try {
        await step();
      } catch (other) {
        faults.push(other instanceof Error ? other.message : String(other));
      }
    if (faults.length === 0) return fault;
    const first = fault instanceof Error ? fault.message : String(fault);
    return new SetupError(
      'halfway',
      'going back',
      faults.join('; '),
      `mend that, then try again; the first failure: ${first}`,
    );
  }
}
