import type { Test } from 'tap';
import { examineNode } from '../../src/doctor/examine.ts';
import { ADMIN, type HealthyNode, makeHealthyNode } from './healthy-node.ts';

/** A change of the node, and the only findings that it must cause: `severity check: what | first command`. */
export type Row = readonly [what: string, change: (node: HealthyNode) => void, found: readonly RegExp[]];

/** Examines, for each row, a healthy node with that one change. */
export async function checkRows(t: Test, rows: readonly Row[]): Promise<void> {
  for (const [what, change, expected] of rows) {
    const node = await makeHealthyNode();
    t.teardown(() => node.remove());
    change(node);
    const findings = await examineNode(node, ADMIN, '1.0.0');
    const found = findings
      .filter(({ severity }) => severity !== 'ok')
      .map(({ severity, check, what, mend }) => [`${severity} ${check}: ${what}`, ...mend.slice(0, 1)].join(' | '));
    t.match(found, expected, what);
    t.equal(found.length, expected.length, `${what}: nothing else is found`);
    t.same(
      findings.filter(({ means }) => means === ''),
      [],
      `${what}: each says what it means`,
    );
    await node.remove();
  }
}
