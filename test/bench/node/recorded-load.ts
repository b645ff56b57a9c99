import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row of recorded.tsv: one kind of call that a kubelet makes, how often, and how it is answered. */
export interface LoadRow {
  readonly method: string;
  readonly connection: 'runtime' | 'image';
  readonly request: 'none' | 'any' | 'running' | 'version' | 'container' | 'exec';
  readonly everySeconds: number;
  readonly forEach: 'node' | 'pod' | 'container' | 'probed' | 'rotated';
  readonly at: 'together' | 'spread' | 'in turn' | 'stream';
  readonly answerBytes: number;
  readonly of: 'pod' | 'container' | 'image' | 'runtime' | 'primary' | 'item';
  readonly delay: number;
}

export const recordedLoad: readonly LoadRow[] = readFileSync(join(import.meta.dirname, 'recorded.tsv'), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
  .slice(1)
  .map(line => {
    const [method, connection, request, every, forEach, at, bytes, of, delay] = line.split('\t');
    return {
      method,
      connection,
      request,
      everySeconds: Number(every),
      forEach,
      at,
      answerBytes: Number(bytes),
      of,
      delay: Number(delay),
    } as LoadRow;
  });

/** The gRPC path of the row's method. */
export function pathOf({ method, connection }: Pick<LoadRow, 'method' | 'connection'>): string {
  return `/runtime.v1.${connection === 'image' ? 'ImageService' : 'RuntimeService'}/${method}`;
}
