import type { ApplyOptions } from '../../src/setup/apply.ts';
import { inspectKubelet } from '../../src/setup/kubelet.ts';
import type { RevertOptions } from '../../src/setup/revert.ts';
import type { FakeHost } from './fake-host.ts';

/** Where criproxy serves CRI on a fake host. */
export const listen = '/run/criproxy.sock';

/** The options of `criproxy setup apply` on a node with one runtime. */
export const applyOptions: ApplyOptions = {
  primary: 'detect',
  other: undefined,
  areAnswers: false,
  listen,
  restart: false,
  fallBack: undefined,
  patience: 1000,
  settle: 1,
};

/** The options of `criproxy setup revert`. */
export const revertOptions: RevertOptions = { listen, stop: true, force: false, settle: 1 };

/** The runtime endpoint of the host's kubelet, as a URL; undefined if it has none, or is not understood. */
export function endpointOf(host: FakeHost): string | undefined {
  return inspectKubelet(host.files, host)?.endpoint?.value;
}
