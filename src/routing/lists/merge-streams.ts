type Arrival<T> =
  | { readonly kind: 'value'; readonly source: AsyncIterator<T>; readonly value: T }
  | { readonly kind: 'end'; readonly source: AsyncIterator<T> }
  | { readonly kind: 'fault'; readonly fault: unknown };

/**
 * One stream of the items of several sources, in the order of arrival. A source is asked for its next item only when its last one was
 * taken, so that a slow reader holds back every source. The first fault of a source ends the stream, and so does the end of the last
 * source.
 */
export class MergedStream<T> implements AsyncIterable<T> {
  private readonly open = new Set<AsyncIterator<T>>();
  private readonly arrivals: Array<Arrival<T>> = [];
  private finished = false;
  // Not Promise.race over the sources: each race would leave a reaction on the promise of every quiet source, for ever.
  private wake: () => void = () => {};

  add(source: AsyncIterable<T>): void {
    const iterator = source[Symbol.asyncIterator]();
    if (this.finished) {
      void iterator.return?.();
      return;
    }
    this.open.add(iterator);
    this.pull(iterator);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      while (this.open.size > 0 || this.arrivals.length > 0) {
        const arrival = this.arrivals.shift();
        if (arrival === undefined) await this.next();
        else if (arrival.kind === 'fault') throw arrival.fault;
        else if (arrival.kind === 'end') this.open.delete(arrival.source);
        else {
          yield arrival.value;
          this.pull(arrival.source);
        }
      }
    } finally {
      this.finished = true;
      for (const source of this.open) void source.return?.()?.catch(() => {});
    }
  }

  private pull(source: AsyncIterator<T>): void {
    source.next().then(
      ({ done, value }) => this.arrive(done === true ? { kind: 'end', source } : { kind: 'value', source, value }),
      fault => this.arrive({ kind: 'fault', fault }),
    );
  }

  private arrive(arrival: Arrival<T>): void {
    this.arrivals.push(arrival);
    this.wake();
  }

  private next(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve;
    });
  }
}
