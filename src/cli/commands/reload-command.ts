import { askApi } from '../../admin/admin-client.ts';
import type { ReloadReport } from '../../admin/api/reload-report.ts';
import type { Invocation } from '../grammar/command-row.ts';

/** `criproxy reload`: prints the changes. Rejects with the reason if the daemon refuses. */
export async function runReload({ values }: Invocation): Promise<number> {
  process.stdout.write(formatReport(await askApi(String(values['admin-socket']), 'POST /v1/reload')));
  return 0;
}

/** A line for each thing that there is to know. */
function formatReport({ changes, warnings, needsRestart, note }: ReloadReport): string {
  const lines = [
    ...changes,
    ...warnings.map(line => `warning: ${line}`),
    ...needsRestart,
    ...(note === '' ? [] : [note]),
  ];
  return lines.map(line => `${line}\n`).join('');
}
