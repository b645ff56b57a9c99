import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape as Prometheus reads it (its text format 0.0.4). Throws for a malformed line, and for a duplicate series. */
export class Scrape {
  readonly text: string;
  readonly samples: readonly Sample[];
  /** Types by the name of the metric, as in its TYPE line. */
  readonly types = new Map<string, string>();
  readonly helps = new Map<string, string>();

  constructor(text: string) {
    this.text = text;
    const samples: Sample[] = [];
    const seen = new Set<string>();
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const comment = /^# (HELP|TYPE) ([a-z0-9_]+) (.+)$/.exec(line);
      if (comment !== null) {
        (comment[1] === 'HELP' ? this.helps : this.types).set(comment[2]!, comment[3]!);
        continue;
      }
      const match = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (match === null) throw new Error(`no sample: ${line}`);
      const series = line.slice(0, line.lastIndexOf(' '));
      if (seen.has(series)) throw new Error(`twice: ${series}`);
      seen.add(series);
      const labels = Object.fromEntries(
        [...(match[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!]),
      );
      samples.push({ name: match[1]!, labels, value: Number(match[3]!.replace('Inf', 'Infinity')) });
    }
    this.samples = samples;
  }

  /** The samples of a name that have these labels. */
  all(name: string, labels: Sample['labels'] = {}): readonly Sample[] {
    return this.samples.filter(
      sample =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** The sum of the values of these samples; 0 if there are none. */
  sum(name: string, labels: Sample['labels'] = {}): number {
    return this.all(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Asks an HTTP server on a unix socket or a port. */
export function askHttp(
  place: { readonly socketPath: string } | { readonly port: number; readonly host?: string },
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...place, path, method, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }),
      );
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The metrics of a daemon, from /metrics on its admin socket, taken after the call: the daemon serves each for a second. */
export async function scrape(adminSocket: string): Promise<Scrape> {
  await sleep(1_000);
  const { status, text } = await askHttp({ socketPath: adminSocket }, '/metrics');
  if (status !== 200) throw new Error(`the metrics are ${status}: ${text}`);
  return new Scrape(text);
}
