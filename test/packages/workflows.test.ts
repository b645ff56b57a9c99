import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { root } from './built.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly 'timeout-minutes'?: number;
}

interface Workflow {
  readonly on: unknown;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(root, '.github/workflows');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

for (const file of readdirSync(folder)) {
  const text = readFileSync(join(folder, file), 'utf8');
  const workflow = parse(text) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap(job => job.steps ?? []);

  test(`${file}: every action is pinned to a commit, with its version beside it`, async t => {
    const uses = steps.flatMap(step => step.uses ?? []);
    t.ok(uses.length > 0);
    for (const action of uses)
      t.match(text, new RegExp(`uses: ${action.replace(/@.*/, '')}@[0-9a-f]{40} # v\\d+\\.\\d+\\.\\d+\\n`));
  });

  test(`${file}: nothing may write unless its job says so, and every job ends`, async t => {
    t.same(workflow.permissions, { contents: 'read' });
    for (const job of Object.values(workflow.jobs)) t.ok(job.uses !== undefined || (job['timeout-minutes'] ?? 0) > 0);
  });

  test(`${file}: every npm script and file that it runs is there`, async t => {
    const commands = steps.map(step => step.run ?? '').join('\n');
    for (const [, name] of commands.matchAll(/npm run ([\w:]+)/g)) t.hasProp(scripts, name!);
  });
}

test('a release runs on a tag v*, after CI', async t => {
  const { on, jobs } = parse(readFileSync(join(folder, 'release.yml'), 'utf8')) as Workflow;
  t.same(on, { push: { tags: ['v*'] } });
  t.match(jobs, { test: { uses: './.github/workflows/ci.yml' }, release: { needs: 'test' } });
});
