import { encodeSettings, SettingId } from './frames/settings.ts';
import type { Limits } from './limits.ts';

/** The payload of our SETTINGS. */
export function ownSettings(limits: Limits, isServer: boolean): Buffer {
  return encodeSettings([
    [SettingId.InitialWindowSize, limits.streamWindow],
    [SettingId.MaxHeaderListSize, limits.maxHeaderListSize],
    isServer ? [SettingId.MaxConcurrentStreams, limits.maxConcurrentStreams] : [SettingId.EnablePush, 0],
  ]);
}
