import type { FileResult } from './run-file.ts';

/** One line for a file that has ended: `12/210  1.4 s  test/...`, and its faults. */
export function progressLine({ file, seconds, failed, skipped }: FileResult, ended: number, all: number): string {
  const faults = [failed > 0 ? `${failed} failed` : '', skipped > 0 ? `${skipped} skipped` : ''].filter(Boolean);
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  return [`${String(ended).padStart(String(all).length)}/${all} ${time}  ${file}`, ...faults].join('  ');
}

const SLOWEST = 10;

/**
 * The end of a run: the slowest files, every failure with its diagnostics, the number of tests, and, as the last line, the
 * assertions: `N passed, N failed, N skipped`.
 */
export function renderReport(results: readonly FileResult[], seconds: number): string {
  const sum = (of: (result: FileResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const slowest = results.toSorted((one, other) => other.seconds - one.seconds).slice(0, SLOWEST);
  return [
    `slowest: ${slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`).join(', ')}\n`,
    ...results.flatMap(({ file, failures }) => failures.map(failure => `FAILED ${file} > ${failure.trimEnd()}\n`)),
    `${sum(({ tests }) => tests)} tests in ${results.length} files, ${seconds.toFixed(0)} s; their assertions:`,
    `${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed, ${sum(({ skipped }) => skipped)} skipped\n`,
  ].join('\n');
}
