/** What collects something to send. */
export interface Flushable {
  flush(): void;
}

let open = 0;
let waiting: Flushable[] = [];

/** Has `output` flushed at the end of the batch that is open, or of the tick if none is. */
export function flushSoon(output: Flushable): void {
  if (open > 0) waiting.push(output);
  else process.nextTick(flush, output);
}

/** What is written from now on leaves in one system call for each output, until `endBatch`. Batches may be inside others. */
export function beginBatch(): void {
  open++;
}

/** `more`: this tick may still write to the same outputs, so that they are flushed at its end. */
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
