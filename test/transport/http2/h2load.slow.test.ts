import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import t from 'tap';
import { message } from '../support/frames.ts';
import { startServer } from '../support/sockets.ts';

const h2load = '/usr/bin/h2load';
const missing = !existsSync(h2load);
// A missing tool is reported on a developer's machine, and is a failure where all tests must run.
const skip = missing && process.env['CI'] !== 'true' ? "Debian's nghttp2-client is not installed" : false;

/** Options of h2load in addition to the request. */
const rows: ReadonlyArray<readonly [title: string, args: readonly string[], requests: number]> = [
  ['one client, one stream', ['-n2000', '-c1', '-m1'], 2000],
  ['10 clients with 100 streams each', ['-n20000', '-c10', '-m100'], 20_000],
  ['small windows', ['-n2000', '-c2', '-m10', '-w10', '-W12'], 2000],
  ['no dynamic tables', ['-n2000', '-c2', '-m10', '--header-table-size=0', '--encoder-header-table-size=0'], 2000],
];

for (const [title, args, requests] of rows) {
  t.test(`h2load: ${title}`, { skip }, async t => {
    const { path } = await startServer(t);
    const body = `${path}.body`;
    await writeFile(body, message(Buffer.alloc(3000, 'x')));
    const fields = ['content-type: application/grpc', 'te: trailers', 'grpc-timeout: 10S'].flatMap(field => [
      '-H',
      field,
    ]);
    const request = [...fields, '-d', body, `--base-uri=unix:${path}`, 'http://localhost/test.Test/Echo'];
    const { stdout } = await promisify(execFile)(h2load, [...args, ...request]).catch(error => error);
    t.match(stdout, `${requests} succeeded, 0 failed, 0 errored, 0 timeout`);
    t.match(stdout, `${requests} 2xx`);
  });
}
