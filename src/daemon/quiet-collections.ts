import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from '../transport/memory/collector.ts';

const MiB = 1024 * 1024;

/** The time between two looks at the heap, in ms: what a burst leaves is given back within a minute. */
const LOOK = 20_000;

/** The growth of the heap since the last collection that is worth another one, of some 20 ms, in bytes. */
const WORTH = 4 * MiB;

/** The share of the time that the event loop has worked, from which on V8 collects often enough by itself. */
const BUSY = 0.25;

/** The readings that are looked at, and the remedy. */
export interface HeapWatch {
  /** Memory that the heap holds, buffers too, in bytes. */
  used(): number;
  /** The share of the time since the last look that the event loop has worked, 0 to 1. */
  load(): number;
  collect(): void;
}

/**
 * Collects garbage when little happens. V8 collects as memory is asked for: after a burst of calls, and at the few calls of a small node,
 * it would keep 10 MB and more of garbage resident for minutes or hours. Returns the function that ends it.
 */
export function startQuietCollections(heap: HeapWatch = ownHeap(), pause: number = LOOK): () => void {
  // Until a collection has told, nobody knows how much of the heap is garbage.
  let least = 0;
  const timer = setInterval(() => {
    // Read at each look, so that it is about the time since the last one.
    const isBusy = heap.load() >= BUSY;
    least = Math.min(least, heap.used());
    if (isBusy || heap.used() - least < WORTH) return;
    heap.collect();
    least = heap.used();
  }, pause);
  timer.unref();
  return () => clearInterval(timer);
}

function ownHeap(): HeapWatch {
  let before = performance.eventLoopUtilization();
  return {
    used() {
      const { used_heap_size: objects, external_memory: buffers } = getHeapStatistics();
      return objects + buffers;
    },
    load() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    collect() {
      collectGarbage({ type: 'major', flavor: 'last-resort' });
    },
  };
}
