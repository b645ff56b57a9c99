import { askAdmin } from '../../admin/admin-client.ts';
import type { ReloadReport } from '../../app/operate/reloader.ts';
import type { Invocation } from '../grammar/command-row.ts';

/** `criproxy reload`: prints what the daemon has changed. Rejects with the reason when it has refused. */
export async function runReload({ values }: Invocation): Promise<number> {
  const report = (await askAdmin(String(values['admin-socket']), 'POST', '/v1/reload')) as ReloadReport;
  process.stdout.write(formatReport(report));
  return 0;
}

/** A line for each thing that there is to know. */
export function formatReport({ changes, warnings, needsRestart, note }: ReloadReport): string {
  const lines = [
    ...changes,
    ...warnings.map(line => `warning: ${line}`),
    ...needsRestart,
    ...(note === '' ? [] : [note]),
  ];
  return lines.map(line => `${line}\n`).join('');
}
