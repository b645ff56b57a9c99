import { Code } from '../../base/codes.ts';
import { ProxyError } from '../../base/error.ts';

/** A number of places for streams that stay open. `what`: the streams, for the error text. */
export class StreamPlaces {
  private readonly max: number;
  private readonly what: string;
  private taken = 0;

  constructor(max: number, what: string) {
    this.max = max;
    this.what = what;
  }

  /** A rejection with ResourceExhausted, if there is no place. */
  full(): Promise<never> | undefined {
    if (this.taken < this.max) return undefined;
    return Promise.reject(
      new ProxyError(Code.ResourceExhausted, `criproxy: there are ${this.max} ${this.what}, and more are not allowed`),
    );
  }

  /** Takes a place until the signal is aborted, or the returned function is called. */
  take(until: AbortSignal): () => void {
    this.taken++;
    let isTaken = true;
    const leave = () => {
      if (isTaken) this.taken--;
      isTaken = false;
      until.removeEventListener('abort', leave);
    };
    until.addEventListener('abort', leave);
    if (until.aborted) leave();
    return leave;
  }
}
