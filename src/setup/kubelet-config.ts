import { readConfigText } from './config-text.ts';
import { strange } from './setup-error.ts';
import type { Tree } from './tree.ts';

/** The keys of KubeletConfiguration that hold endpoints (kubelet.config.k8s.io/v1beta1, since Kubernetes 1.27). */
export type EndpointKey = 'containerRuntimeEndpoint' | 'imageServiceEndpoint';

/** The keys that are read here; `cgroupDriver` is `cgroupfs` (default) or `systemd`. */
export type ConfigKey = EndpointKey | 'cgroupDriver';

/** A configuration value in force, and the file that it is in. Empty: that file puts the default back. */
export interface ConfigValue {
  readonly value: string;
  readonly file: string;
}

function readConfig(text: string, file: string): unknown {
  try {
    return readConfigText(text);
  } catch (fault) {
    throw strange(file, `it cannot be read as YAML: ${(fault as Error).message}`, 'mend that line, and try again');
  }
}

/** The value of a key; undefined if the file, or the key, is not there. Throws a SetupError for a file that a kubelet refuses. */
function readKey(tree: Tree, file: string, key: ConfigKey): string | undefined {
  const text = tree.read(file);
  if (text === undefined) return undefined;
  const config = readConfig(text, file);
  const fields = (typeof config === 'object' && !Array.isArray(config) ? config : {}) as Record<string, unknown>;
  if (fields['kind'] !== 'KubeletConfiguration')
    throw strange(
      file,
      `it holds no KubeletConfiguration (kind: ${String(fields['kind'] ?? 'none')})`,
      'look at the files that the kubelet’s --config and --config-dir name; the kubelet refuses such a file',
    );
  const found = fields[key];
  if (found === undefined || typeof found === 'string') return found;
  if (found === null) return '';
  throw strange(file, `${key} is no text: ${JSON.stringify(found)}`, `write a text there, as ${key}: ""`);
}

/**
 * Every file under a `--config-dir` in the order in which the kubelet merges them: *.conf, also in folders below, by name
 * (mergeKubeletConfigurations in cmd/kubelet/app/server.go walks the folder).
 */
function listDropIns(tree: Tree, folder: string): string[] {
  return tree.list(folder).flatMap(name => {
    const path = `${folder}/${name}`;
    const below = listDropIns(tree, path);
    return below.length === 0 && name.endsWith('.conf') ? [path] : below;
  });
}

/**
 * The value of a key that counts: the files of `--config-dir` beat that of `--config`, the later beats the earlier, an empty
 * value too (they are merged as JSON merge patches, RFC 7386).
 */
export function findConfigValue(
  tree: Tree,
  config: string | undefined,
  folder: string | undefined,
  key: ConfigKey,
): ConfigValue | undefined {
  const files = [...(config === undefined ? [] : [config]), ...(folder === undefined ? [] : listDropIns(tree, folder))];
  return files
    .reverse()
    .map(file => ({ file, value: readKey(tree, file, key) }))
    .find((found): found is ConfigValue => found.value !== undefined);
}
