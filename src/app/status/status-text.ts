import { isAwaited } from '../../admin/api/status-report.ts';
import { runtimeLabel } from '../../base/runtime-name.ts';
import { isUnseen, type Runtime } from '../../routing/port/runtime.ts';

/** The state of the proxy in one line, which `systemctl status` shows. */
export function statusText(listen: string, runtimes: readonly Pick<Runtime, 'id' | 'state'>[]): string {
  const notUp = runtimes.filter(({ state }) => state.kind === 'down');
  const isLater = ({ id, state }: Pick<Runtime, 'id' | 'state'>) => isAwaited({ id, seen: !isUnseen(state) });
  const named = (title: string, some: typeof notUp) =>
    some.length === 0 ? '' : `; ${title}: ${some.map(({ id }) => runtimeLabel(id)).join(', ')}`;
  const up = `${runtimes.length - notUp.length} of ${runtimes.length} runtimes up`;
  const down = named(
    'down',
    notUp.filter(each => !isLater(each)),
  );
  return `serving CRI on ${listen}, ${up}${down}${named('not seen yet', notUp.filter(isLater))}`;
}
