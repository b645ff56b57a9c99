import { join } from 'node:path';
import type { ProxyConfig } from './proxy-config.ts';
import type { Setting, Settings } from './setting.ts';
import { socketPath } from './socket-path.ts';

type Operating = Pick<ProxyConfig, 'adminSocket' | 'metrics' | 'otlp' | 'enableFaults'>;

/** What those who operate the proxy look at. Throws a UsageError. */
export function readOperating(settings: Settings): Operating {
  return {
    adminSocket: readAdminSocket(settings.of('adminSocket'), settings.of('stateDir').text),
    metrics: readMetrics(settings.of('metrics')),
    otlp: readOtlp(settings.of('otlp')),
    enableFaults: settings.of('enableFaults').text === 'true',
  };
}

function readAdminSocket(setting: Setting, stateDir: string): string | undefined {
  if (setting.text === '') return stateDir === '' ? undefined : join(stateDir, 'admin.sock');
  const path = socketPath(setting.text);
  if (typeof path !== 'string') throw setting.fail(path.fault);
  return path;
}

function readMetrics(setting: Setting): Operating['metrics'] {
  if (setting.text === '') return undefined;
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(setting.text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65535) {
    throw setting.fail('is not HOST:PORT; write it as 127.0.0.1:9494, or 0.0.0.0:9494 for every address of the node');
  }
  return { host: match[1]!.replace(/^\[|\]$/g, '') || '0.0.0.0', port };
}

function readOtlp(setting: Setting): string | undefined {
  if (setting.text === '') return undefined;
  if (!/^https?:\/\//.test(setting.text) || !URL.canParse(setting.text)) {
    throw setting.fail('is not the URL of a collector; write it as http://127.0.0.1:4318');
  }
  return setting.text.replace(/\/+$/, '');
}
