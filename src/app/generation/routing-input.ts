import type { ProxyConfig, RuntimeConfig } from '../../config/proxy-config.ts';
import type { HandlerRow } from '../../routing/port/handlers.ts';
import type { RoutingSettings } from '../../routing/port/routing-settings.ts';
import type { RuntimeAddress } from './linked-runtime.ts';
import { usedShare } from './used-share.ts';

/** How long a call waits for a primary that is not up, in ms: over a restart, within a client's patience. */
const PRIMARY_WAIT = 5_000;

export function addressOf({ id, socket }: RuntimeConfig): RuntimeAddress {
  return { id, path: socket };
}

/** The part of a configuration that routing needs. */
export function settingsOf(config: ProxyConfig): RoutingSettings {
  const { runtimes, pins, streamUrl } = config;
  return {
    ...config,
    streamBase: streamUrl,
    pins: [
      ...pins.map(glob => ({ runtime: undefined, glob })),
      ...runtimes.flatMap(({ id, pins: own }) => own.map(glob => ({ runtime: id, glob }))),
    ],
    runtimes: new Map(runtimes.map(runtime => [runtime.id, runtime])),
    primaryWait: PRIMARY_WAIT,
    usedShare,
  };
}

export function handlerRows({ runtimes }: ProxyConfig): HandlerRow[] {
  return runtimes.flatMap(({ id, handlers }) =>
    Object.entries(handlers).map(([name, handler]) => ({ name, runtime: id, handler })),
  );
}

/** Ids of runtimes by other values of the pod annotation that mean them. */
export function annotationValues({ runtimes }: ProxyConfig): Map<string, string> {
  return new Map(runtimes.flatMap(({ id, annotations }) => annotations.map(value => [value, id] as const)));
}
