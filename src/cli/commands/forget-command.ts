import { askApi } from '../../admin/admin-client.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Invocation } from '../grammar/command-row.ts';

/** `criproxy forget ID`: prints which pods are no longer listed. Rejects with the reason when the daemon has refused. */
export async function runForget({ values, positionals }: Invocation): Promise<number> {
  const body = { runtime: positionals[0]! };
  const { runtime, pods } = await askApi(String(values['admin-socket']), 'POST /v1/forget', { body });
  process.stdout.write(`${runtimeName(runtime)} is forgotten: its pods (${pods}) are no longer listed\n`);
  return 0;
}
