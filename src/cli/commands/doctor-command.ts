import { version } from '../../base/version.ts';
import { examineNode } from '../../doctor/examine.ts';
import type { Finding, Severity } from '../../doctor/finding.ts';
import { openNode } from '../../doctor/node.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { UsageError } from '../grammar/usage-error.ts';
import { paintFor } from '../terminal/paint.ts';
import { doctorText } from './doctor-text.ts';

/** Exit statuses of a node that is not quite well. */
const WARNINGS = 3;
const FAILURES = 4;

/** Resolves with 0 when all is well, 3 for warnings and checks that could not be made, 4 for failures. */
export async function runDoctor({ values }: Invocation): Promise<number> {
  const output = String(values['output']);
  if (output !== 'text' && output !== 'json') throw new UsageError(`doctor: -o "${output}": one of text, json`);
  const adminSocket = String(values['admin-socket']);
  const findings = await examineNode(openNode('/', adminSocket), adminSocket, version.version);
  if (output === 'json') process.stdout.write(`${JSON.stringify({ format: 1, findings }, null, 2)}\n`);
  else {
    const width = Math.min(Math.max(process.stdout.columns ?? 80, 80), 110);
    process.stdout.write(doctorText(findings, values['all'] === true, width, paintFor(process.stdout)));
  }
  return exitStatus(findings);
}

function exitStatus(findings: readonly Finding[]): number {
  const has = (severity: Severity) => findings.some(finding => finding.severity === severity);
  if (has('fail')) return FAILURES;
  return has('warn') || has('skip') ? WARNINGS : 0;
}
