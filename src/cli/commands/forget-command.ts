import { askAdmin } from '../../admin/admin-client.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Invocation } from '../grammar/command-row.ts';

/** `criproxy forget ID`: says what is listed no more. Rejects with the reason when the daemon has refused. */
export async function runForget({ values, positionals }: Invocation): Promise<number> {
  const answer = await askAdmin(String(values['admin-socket']), 'POST', '/v1/forget', { runtime: positionals[0] });
  const { runtime, pods } = answer as { runtime: string; pods: number };
  process.stdout.write(`${runtimeName(runtime)} is forgotten: its pods (${pods}) are listed no more\n`);
  return 0;
}
