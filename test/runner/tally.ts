import type { Parser, Result } from 'tap-parser';
import { stringify } from 'yaml';

/** Counts tests, which are `test()` blocks, nested ones too, and their assertions, while a parser reads TAP. */
export class Tally {
  tests = 0;
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Each failed assertion: the names of its tests and its own, and its diagnostics as YAML. */
  readonly failures: string[] = [];

  constructor(parser: Parser) {
    this.#follow(parser, []);
  }

  /** Adds the abnormal end of a process, with its stderr: it is a failure of its own if no assertion failed. */
  addEnd(how: string, stderr: string): void {
    if (this.failed === 0) this.failed++;
    this.failures.push(`the process ended by ${how}${stderr === '' ? '' : `; its stderr:\n${stderr}`}`);
  }

  #follow(parser: Parser, names: readonly string[]): void {
    let tested: Parser | undefined;
    parser.on('child', (child: Parser) => {
      this.tests++;
      tested = child;
      this.#follow(child, [...names, child.name]);
    });
    parser.on('assert', (result: Result) => {
      if (!result.closingTestPoint) this.#add(result, names);
      // The closing line of a test repeats its assertions; without any, it cannot fail.
      else if (tested?.count === 0 && result.ok) this.#fail([...names, result.name], 'a test without an assertion\n');
    });
  }

  #add(result: Result, names: readonly string[]): void {
    if (result.skip !== false || result.todo !== false) this.skipped++;
    else if (result.ok) this.passed++;
    else this.#fail([...names, result.name], stringify(result.diag ?? {}, { lineWidth: 0 }));
  }

  #fail(names: readonly string[], text: string): void {
    this.failed++;
    this.failures.push(`${names.join(' > ')}\n${text.replace(/^(?=.)/gm, '  ')}`);
  }
}
