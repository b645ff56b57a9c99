import { globSync } from 'node:fs';
import { type Lane, type Part, planLanes } from './runner/lanes.ts';
import { progressLine, renderReport } from './runner/report.ts';
import { type FileResult, runFile } from './runner/run-file.ts';

/**
 * Runs the tests: `node test/run.ts fast|slow|all [FILE...]`. Prints a line for each file that has ended, and at the end every
 * failure, the number of tests, and `N passed, N failed, N skipped`, counted in assertions. Exits with 1 if any failed or none ran.
 */
const [part = 'all', ...chosen] = process.argv.slice(2);
const files = chosen.length > 0 ? chosen : globSync('test/**/*.test.ts').sort();
const stages = planLanes(part as Part, files);
const all = stages.flat().reduce((sum, lane) => sum + lane.files.length, 0);

const begin = performance.now();
const results: FileResult[] = [];
for (const lanes of stages) await Promise.all(lanes.map(runLane));
process.stdout.write(`\n${renderReport(results, (performance.now() - begin) / 1000)}`);
const isFine = results.every(({ failed }) => failed === 0) && results.some(({ passed }) => passed > 0);
process.exitCode = isFine ? 0 : 1;

async function runLane({ jobs, files: queued }: Lane): Promise<void> {
  const queue = [...queued];
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file);
      results.push(result);
      process.stdout.write(`${progressLine(result, results.length, all)}\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
