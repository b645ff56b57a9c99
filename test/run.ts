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

const [part = 'all', ...chosen] = process.argv.slice(2);
const found = chosen.length > 0 ? chosen : globSync('test/**/*.test.ts').sort();
const isSlow = (file: string) => file.endsWith('.slow.test.ts') || slowFolders.test(file);
const files = found.filter(file => part === 'all' || isSlow(file) === (part === 'slow'));

const folder = mkdtempSync(join(tmpdir(), 'criproxy-tests-'));
const results = join(folder, 'results.tap');
const tap = ['node_modules/tap/dist/esm/run.mjs', 'run', '--type-strip-only', '--disable-coverage', '--color'];
const options = [`--output-file=${results}`, '--reporter=terse', `--jobs=${part === 'fast' ? 2 : 1}`, '--timeout=900'];
const child = spawn(process.execPath, [...tap, ...options, ...files], { stdio: 'inherit' });
const status = await new Promise<number>(resolve => child.once('close', code => resolve(code ?? 1)));
const output = readFileSync(results, 'utf8');
const counted = count(output);
rmSync(folder, { recursive: true, force: true });
// The reporter keeps what failed to itself where there is no terminal, and leaves its escape codes on the line.
for (const line of output.split('\n')) if (/^\s*not ok/.test(line)) process.stdout.write(`\n${line}`);
process.stdout.write(`\n${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped\n`);
process.exitCode = status === 0 && counted.failed === 0 && counted.passed > 0 ? 0 : 1;

/** tap's own sum at the end of its output: `# { total: 3, pass: 2, skip: 1 }`. */
function count(tapText: string): { passed: number; failed: number; skipped: number } {
  const sum = [...tapText.matchAll(/^# (\{ total: .*\})$/gm)].at(-1)?.[1] ?? '';
  const of = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(sum)?.[1] ?? 0);
  return { passed: of('pass'), failed: of('fail'), skipped: of('skip') + of('todo') };
}
