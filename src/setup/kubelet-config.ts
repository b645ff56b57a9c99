import { parseDocument } from 'yaml';
import { strange } from './error.ts';
import type { Tree } from './tree.ts';

/** The keys of KubeletConfiguration that hold endpoints (kubelet.config.k8s.io/v1beta1, since Kubernetes 1.27). */
export type EndpointKey = 'containerRuntimeEndpoint' | 'imageServiceEndpoint';

/** The keys that are read here; `cgroupDriver` is `cgroupfs` (default) or `systemd`. */
export type ConfigKey = EndpointKey | 'cgroupDriver';

/** A configuration value in force, and the file that it is in. */
export interface ConfigValue {
  readonly value: string;
  readonly file: string;
}

function readKey(tree: Tree, file: string, key: ConfigKey): string | undefined {
  const text = tree.read(file);
  if (text === undefined) return undefined;
  const document = parseDocument(text);
  if (document.errors[0] !== undefined)
    throw strange(file, `it is not YAML: ${document.errors[0].message.split('\n')[0]}`, 'mend the file');
  const value: unknown = document.toJS();
  if (value === null) return undefined;
  const kind = (value as { kind?: unknown }).kind;
  if (typeof value !== 'object' || Array.isArray(value) || (kind !== undefined && kind !== 'KubeletConfiguration'))
    throw strange(
      file,
      `it holds no KubeletConfiguration (kind: ${String(kind)})`,
      'see what the kubelet’s --config names',
    );
  const found = (value as Record<string, unknown>)[key];
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** Every file under a `--config-dir`, in the order in which the kubelet merges them: *.conf, by path. */
function listDropIns(tree: Tree, folder: string | undefined): string[] {
  if (folder === undefined) return [];
  return tree
    .list(folder)
    .filter(name => name.endsWith('.conf'))
    .map(name => `${folder}/${name}`);
}

/** The value of a key that counts: the files of `--config-dir` beat that of `--config`, the later beats the earlier. */
export function findConfigValue(
  tree: Tree,
  config: string | undefined,
  folder: string | undefined,
  key: ConfigKey,
): ConfigValue | undefined {
  const files = [...(config === undefined ? [] : [config]), ...listDropIns(tree, folder)];
  return files
    .reverse()
    .map(file => ({ file, value: readKey(tree, file, key) }))
    .find((found): found is ConfigValue => found.value !== undefined);
}
