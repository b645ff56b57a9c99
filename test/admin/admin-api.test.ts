import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { askApi } from '../../src/admin/admin-client.ts';
import { apiRoute } from '../../src/admin/admin-route.ts';
import { startAdmin } from './admin-lab.ts';

test('an endpoint is a method and a path, for its route and for its client', async t => {
  const gone: (string | null)[] = [];
  const lab = await startAdmin([
    apiRoute('DELETE /v1/faults', ({ query }) => ({ cleared: gone.push(query.get('id')) })),
    apiRoute('POST /v1/forget', ({ body }) => ({ runtime: JSON.stringify(body), pods: 3 })),
  ]);
  t.teardown(() => lab.stop());
  t.same(await askApi(lab.path, 'DELETE /v1/faults', { query: { id: 'a&b' } }), { cleared: 1 });
  t.same(await askApi(lab.path, 'DELETE /v1/faults'), { cleared: 2 });
  t.strictSame(gone, ['a&b', null]);
  const answer = await askApi(lab.path, 'POST /v1/forget', { body: { runtime: 'alt' } });
  t.same(answer, { runtime: '{"runtime":"alt"}', pods: 3 });
});

test('only the admin room spells paths of the API and trusts the form of answers', async t => {
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const untyped = /\baskAdmin\(|\bpath: '\/v1\//;
  t.strictSame(
    names.filter(name => !name.startsWith('admin/') && untyped.test(readFileSync(join(src, name), 'utf8'))),
    [],
  );
});
