/** A collector of bytes to send. */
export interface Flushable {
  flush(): void;
}

let open = 0;
let waiting: Flushable[] = [];

/** Flushes `output` at the end of the open batch, or at the end of the tick if no batch is open. */
export function flushSoon(output: Flushable): void {
  if (open > 0) waiting.push(output);
  else process.nextTick(flush, output);
}

/** Begins a batch: all bytes until `endBatch` leave in one system call for each output. Batches may be inside others. */
export function beginBatch(): void {
  open++;
}

/** Ends a batch. `more`: this tick may still write to the same outputs, so they are flushed at its end. */
export function endBatch(more: boolean): void {
  open--;
  if (open > 0 || waiting.length === 0) return;
  const outputs = waiting;
  waiting = [];
  for (const output of outputs) {
    if (more) process.nextTick(flush, output);
    else output.flush();
  }
}

function flush(output: Flushable): void {
  output.flush();
}
