import { endpoints } from '../../cri/translate/method-spec.ts';
import type { KnownMethod } from '../../watch/call-stats.ts';

/** The methods of CRI by their gRPC paths. A stream of events stays open until its client ends it. */
export function knownMethods(): Map<string, KnownMethod> {
  const known = new Map<string, KnownMethod>();
  for (const [path, { method }] of endpoints()) {
    known.set(path, { name: method.name, timed: method.route !== 'events' });
  }
  return known;
}
