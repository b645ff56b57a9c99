import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  readonly 'runs-on'?: string;
  readonly strategy?: { readonly matrix: unknown };
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
    for (const [path] of commands.matchAll(/(?:build|\.ci)\/[\w./-]+/g)) t.ok(existsSync(join(root, path)), path);
  });
}

/** GitHub's notation for the use of a value. */
const expression = (name: string) => `\${{ ${name} }}`;

const read = (file: string) => parse(readFileSync(join(folder, file), 'utf8')) as Workflow;

test('the demo and all tests run on both architectures', async t => {
  const { jobs } = read('ci.yml');
  for (const name of ['demo', 'test']) {
    t.equal(jobs[name]?.['runs-on'], expression('matrix.runner'), name);
    t.same(jobs[name]?.strategy?.matrix, { runner: ['ubuntu-24.04', 'ubuntu-24.04-arm'] }, name);
  }
});

test('a release runs on a tag v*, after CI, and all of it is built before any of it is published', async t => {
  const { on, jobs } = read('release.yml');
  t.same(on, { push: { tags: ['v*'] } });
  t.match(jobs, {
    test: { uses: './.github/workflows/ci.yml' },
    build: { needs: 'test' },
    release: { needs: 'build' },
  });
});

test('each architecture is built on its own machine, and a release fails unless it is static', async t => {
  const { build } = read('release.yml').jobs;
  t.same(build?.strategy?.matrix, {
    include: [
      { arch: 'amd64', runner: 'ubuntu-24.04' },
      { arch: 'arm64', runner: 'ubuntu-24.04-arm' },
    ],
  });
  t.match(build, { 'runs-on': expression('matrix.runner'), env: { ARCH: expression('matrix.arch') } });
  const commands = build!.steps!.flatMap(step => step.run ?? []);
  const at = (text: string) => commands.findIndex(command => command.includes(text));
  const order = [
    'npm run package -- --release --arch "$ARCH"',
    '.ci/check-static "dist/$ARCH/criproxy"',
    'npm run bench',
  ];
  t.same(
    order.map(at),
    [...order.map(at)].sort((a, b) => a - b),
  );
  t.notOk(order.map(at).includes(-1));
  t.match(commands[at('npm run bench')], 'CRIPROXY_BIN="$PWD/dist/$ARCH/criproxy"', 'of that executable');
});

test('the release job publishes the files that build/release.ts has gathered', async t => {
  const commands = read('release.yml').jobs['release']!.steps!.flatMap(step => step.run ?? []);
  t.ok(commands.some(command => command.includes('build/release.ts --bench')));

  const folder = mkdtempSync(join(tmpdir(), 'criproxy-notes-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'dist/release'), { recursive: true });
  writeFileSync(join(folder, 'dist/release/criproxy_1_linux_arm64_bench.txt'), '1.5  a figure\n');
  writeFileSync(join(folder, 'notes.md'), 'changes\n');
  const addFigures = commands.find(command => command.includes('>> notes.md'))!;
  execFileSync('bash', ['-e', '-c', addFigures], { cwd: folder });
  const notes = readFileSync(join(folder, 'notes.md'), 'utf8');
  t.equal(notes, 'changes\n\n### criproxy_1_linux_arm64_bench.txt\n\n```\n1.5  a figure\n```\n');
  t.ok(commands.some(command => /gh release create .* dist\/release\/\*$/.test(command)));
});
