import { type Code, codeName } from '../base/codes.ts';
import { codeIndex, codeLabels, isError } from './call-codes.ts';
import { Histogram } from './histogram.ts';
import { RecentCalls, type RecentFigures } from './recent-calls.ts';

/** `at` in ms since the epoch. `message` may be empty: a list that a snapshot has saved does not fail. */
export interface CallError {
  readonly at: number;
  readonly method: string;
  readonly code: string;
  readonly message: string;
}

/** Calls to a runtime, including the proxy's own. `errors` leaves out outcomes that are normal on a healthy node; see isError. */
export interface RuntimeFigures extends RecentFigures {
  readonly calls: number;
  readonly errors: number;
  readonly lastError: CallError | undefined;
}

/** How much of an error's message is kept. */
const MESSAGE = 300;

/** The counts of one runtime. */
export class RuntimeStats {
  readonly codes = new Float64Array(codeLabels.length);
  /** By method, in seconds. */
  readonly durations: (Histogram | undefined)[] = [];
  private readonly bounds: readonly number[];
  private readonly recent = new RecentCalls();
  private calls = 0;
  private errors = 0;
  private lastError: CallError | undefined;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** `endedAt` and `duration` in ms; undefined for a call whose time says nothing. */
  count(method: number, code: Code, endedAt: number, duration: number | undefined): void {
    const error = isError(code);
    this.calls++;
    if (error) this.errors++;
    this.codes[codeIndex(code)]!++;
    this.recent.count(endedAt, error);
    if (duration === undefined) return;
    this.recent.time(endedAt, duration);
    let durations = this.durations[method];
    if (durations === undefined) {
      durations = new Histogram(this.bounds);
      this.durations[method] = durations;
    }
    durations.observe(duration / 1000);
  }

  noteError(method: string, code: Code, message: string): void {
    this.lastError = { at: Date.now(), method, code: codeName(code), message: message.slice(0, MESSAGE) };
  }

  figures(now?: number): RuntimeFigures {
    return { calls: this.calls, errors: this.errors, lastError: this.lastError, ...this.recent.figures(now) };
  }
}
