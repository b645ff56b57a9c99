import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs the tests: `node test/run.ts fast|slow|all [FILE...]`. Fast ones are units and short-lived processes; slow ones are
 * named *.slow.test.ts or live in the folders below. Prints `N passed, N failed, N skipped`, counted in assertions, and exits
 * with 1 if any failed or none ran.
 */
const slowFolders = /^test\/(?:node|packages|faults|demo|conformance\/matrix)\//;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Whether the runner itself was content. */
  readonly isFine: boolean;
}

const [part = 'all', ...chosen] = process.argv.slice(2);
const found = chosen.length > 0 ? chosen : globSync('test/**/*.test.ts').sort();
const isSlow = (file: string) => file.endsWith('.slow.test.ts') || slowFolders.test(file);
const files = found.filter(file => part === 'all' || isSlow(file) === (part === 'slow'));

const folder = mkdtempSync(join(tmpdir(), 'criproxy-tests-'));
const isPackages = (file: string) => file.startsWith('test/packages/');
const slow = files.filter(isSlow);
const results = [
  await runFiles(
    'fast',
    2,
    files.filter(file => !isSlow(file)),
  ),
];
// Those of packages wait for systemd most of the time: two of them leave the machine to the others.
results.push(
  ...(await Promise.all([
    runFiles('packages', 2, slow.filter(isPackages)),
    runFiles(
      'slow',
      1,
      slow.filter(file => !isPackages(file)),
    ),
  ])),
);
rmSync(folder, { recursive: true, force: true });
const sum = (of: (counts: Counts) => number) => results.reduce((total, counts) => total + of(counts), 0);
const [passed, failed, skipped] = [sum(each => each.passed), sum(each => each.failed), sum(each => each.skipped)];
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = results.every(({ isFine }) => isFine) && failed === 0 && passed > 0 ? 0 : 1;

async function runFiles(name: string, jobs: number, some: readonly string[]): Promise<Counts> {
  if (some.length === 0) return { passed: 0, failed: 0, skipped: 0, isFine: true };
  const output = join(folder, `${name}.tap`);
  const tap = ['node_modules/tap/dist/esm/run.mjs', 'run', '--type-strip-only', '--disable-coverage', '--color'];
  const options = [`--output-file=${output}`, '--reporter=terse', `--jobs=${jobs}`, '--timeout=900'];
  const child = spawn(process.execPath, [...tap, ...options, ...some], { stdio: 'inherit' });
  const status = await new Promise<number>(resolve => child.once('close', code => resolve(code ?? 1)));
  const text = readFileSync(output, 'utf8');
  // The reporter keeps what failed to itself where there is no terminal, and leaves its escape codes on the line.
  for (const line of text.split('\n')) if (/^\s*not ok/.test(line)) process.stdout.write(`\n${line}`);
  return count(text, status === 0);
}

/** tap's own sum at the end of its output: `# { total: 3, pass: 2, skip: 1 }`. */
function count(tapText: string, isFine: boolean): Counts {
  const sums = [...tapText.matchAll(/^# (\{ total: .*\})$/gm)].at(-1)?.[1];
  const of = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(sums ?? '')?.[1] ?? 0);
  return {
    passed: of('pass'),
    failed: of('fail'),
    skipped: of('skip') + of('todo'),
    isFine: isFine && sums !== undefined,
  };
}
