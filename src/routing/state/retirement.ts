import type { RuntimeSettings } from '../port/routing-settings.ts';
import type { Snapshot } from './snapshot.ts';

/** Whether the runtime takes no new pods: the configuration or an operator has retired it. */
export function isRetiring(settings: RuntimeSettings | undefined, snapshot: Snapshot): boolean {
  return settings?.retiring === true || snapshot.retiring;
}
