import { findFlag } from './command.ts';
import { planConfigEdit } from './config-text.ts';
import { applyEdit, type Edit } from './edit.ts';
import { sameEndpoint } from './endpoint.ts';
import { FIRST_WITH_CONFIG_KEY, inspectKubelet, KUBELET_UNIT, type Kubelet, type KubeletView } from './kubelet.ts';
import { type EndpointKey, findConfigValue } from './kubelet-config.ts';
import { fileOf } from './kubelet-setting.ts';
import { WRITTEN } from './services.ts';
import { strange } from './setup-error.ts';
import { overlayTree, type Tree } from './tree.ts';
import type { Origin } from './unit.ts';
import { quoteWord } from './words.ts';

/** The drop-in for flags without a place of their own; sorts after the others, and an /etc file is stronger than one in /usr. */
export const DROP_IN = 'zz-criproxy.conf';

/** kubeadm's patch of config.yaml for one node: `kubeadm upgrade` makes config.yaml from it again (1.34 and later). */
const INSTANCE_CONFIG = '/var/lib/kubelet/instance-config.yaml';

/** Kubernetes releases (minor versions) by the settings that their kubelet knows. */
export const FIRST_WITHOUT_RUNTIME_FLAG = 27;
const FIRST_WITHOUT_FLAGS = 37;

interface Wanted {
  readonly flag: string;
  readonly value: string;
}

/** A package's own files are not edited: its next version would put them back. */
function isEditable(origin: Origin): boolean {
  return !/^\/(usr\/)?lib\//.test(origin.file) && !origin.file.startsWith('/run/');
}

function editFlag(origin: Origin, flag: string, old: string, value: string): Edit {
  return { kind: 'flag', file: origin.file, origin, flag, old, new: value };
}

const endpointKeys: readonly EndpointKey[] = ['containerRuntimeEndpoint', 'imageServiceEndpoint'];

function editYaml(tree: Tree, file: string, key: EndpointKey, value: string): Edit {
  const edit = planConfigEdit(tree.read(file) ?? '', key, value, endpointKeys);
  if (typeof edit !== 'string') return { kind: 'yaml', file, key, ...edit };
  throw strange(file, `${key} cannot be set: ${edit}`, `write ${key}: ${value} there, then systemctl restart kubelet`);
}

function appendDropIn(kubelet: Kubelet, wanted: readonly Wanted[]): Edit {
  const { line, origin } = kubelet.unit.execStart;
  const flags = wanted.map(({ flag, value }) => quoteWord(`--${flag}=${value}`));
  const content = [
    `${WRITTEN}, removed by "criproxy setup revert": the command of`,
    `# ${origin.file} with the endpoint added.`,
    '[Service]',
    'ExecStart=',
    `ExecStart=${[line, ...flags].join(' ')}`,
    '',
  ].join('\n');
  return { kind: 'file', file: `/etc/systemd/system/${kubelet.unit.name}.d/${DROP_IN}`, content };
}

/** Flags that are not there yet: to kubeadm's own variable where the node has it, else to a drop-in. */
function addFlags(kubelet: Kubelet, wanted: readonly Wanted[]): Edit[] {
  if (wanted.length === 0) return [];
  if (kubelet.wrapper !== undefined) {
    const flags = wanted.map(({ flag, value }) => `--${flag}=${value}`).join(' ');
    const now =
      kubelet.endpoint && kubelet.place?.kind === 'flag'
        ? `--container-runtime-endpoint=${kubelet.endpoint.value}`
        : 'no endpoint';
    const remedy = `give the kubelet ${flags} there, then systemctl restart ${kubelet.unit.name}`;
    throw strange(kubelet.wrapper, `it starts the kubelet, and gives it ${now}`, remedy);
  }
  const kubeadm = kubelet.unit.environment.get('KUBELET_KUBEADM_ARGS')?.origin;
  const isUsed = /(^|\s)\$KUBELET_KUBEADM_ARGS(\s|$)/.test(kubelet.unit.execStart.line);
  if (kubeadm?.syntax !== 'env' || !isUsed) return [appendDropIn(kubelet, wanted)];
  const text = wanted.map(({ flag, value }) => `--${flag}=${value}`).join(' ');
  return [{ kind: 'append', file: kubeadm.file, origin: kubeadm, text }];
}

/** A new value for a setting that has a flag: in its place, or, undefined, to be added, since the last one counts. */
function changeFlag(tree: Tree, kubelet: Kubelet, { flag, value }: Wanted): Edit | undefined {
  const found = findFlag(kubelet.args, flag);
  if (found === undefined || kubelet.wrapper !== undefined || !isEditable(found.origin)) return undefined;
  const edit = editFlag(found.origin, flag, found.value, value);
  // A part of the value may come from elsewhere: --container-runtime-endpoint=${SOCKET}
  return applyEdit(edit, tree.read(edit.file)) === undefined ? undefined : edit;
}

function assertVersionTakesFlags(kubelet: Kubelet): void {
  const { minor } = kubelet;
  const file = kubelet.unit.execStart.origin.file;
  if (minor === undefined)
    throw strange(
      file,
      `no endpoint is set, and the kubelet did not say its version: ${kubelet.version}`,
      'see whether kubelet --version runs',
    );
  if (minor >= FIRST_WITHOUT_FLAGS)
    throw strange(file, `kubelet 1.${minor} has no --config, and no flag for the endpoint`, 'give it a --config file');
}

function planRuntimeFlag(kubelet: Kubelet): Wanted[] {
  if (!kubelet.usesDocker || (kubelet.minor ?? 0) >= FIRST_WITHOUT_RUNTIME_FLAG) return [];
  return [{ flag: 'container-runtime', value: 'remote' }];
}

/** The other endpoint, for images: it follows where it is the same one. */
function planImageEndpoint(
  tree: Tree,
  kubelet: Kubelet,
  value: string,
  current: string | undefined,
): { edits: Edit[]; wanted: Wanted[] } {
  const image = kubelet.imageEndpoint;
  const none = { edits: [], wanted: [] };
  if (image === undefined || sameEndpoint(image.value, value)) return none;
  const file = fileOf(image.place);
  if (current !== undefined && !sameEndpoint(image.value, current))
    throw strange(
      file,
      `images come from another endpoint than containers: ${image.value}`,
      'criproxy needs to be both: point both to it, and give it that image service’s runtime, if you want that',
    );
  if (image.place.kind === 'config')
    return { edits: [editYaml(tree, file, 'imageServiceEndpoint', value)], wanted: [] };
  return { edits: [], wanted: [{ flag: 'image-service-endpoint', value }] };
}

function planEndpoint(tree: Tree, kubelet: Kubelet, value: string): { edits: Edit[]; wanted: Wanted[] } {
  const asFlag = { edits: [], wanted: [{ flag: 'container-runtime-endpoint', value }] };
  const { minor, config, place } = kubelet;
  if (place?.kind === 'flag') return asFlag;
  if (place?.kind === 'config')
    return { edits: [editYaml(tree, place.file, 'containerRuntimeEndpoint', value)], wanted: [] };
  if (config !== undefined && minor !== undefined && minor >= FIRST_WITH_CONFIG_KEY)
    return { edits: [editYaml(tree, config, 'containerRuntimeEndpoint', value)], wanted: [] };
  assertVersionTakesFlags(kubelet);
  return asFlag;
}

/** kubeadm would bring the old endpoint back from here at its next upgrade. */
function planInstanceConfig(tree: Tree, kubelet: Kubelet, value: string): Edit[] {
  const current = kubelet.endpoint?.value;
  const found = findConfigValue(tree, INSTANCE_CONFIG, undefined, 'containerRuntimeEndpoint');
  if (found === undefined || sameEndpoint(found.value, value)) return [];
  if (current !== undefined && !sameEndpoint(found.value, current)) return [];
  return [editYaml(tree, INSTANCE_CONFIG, 'containerRuntimeEndpoint', value)];
}

/** The node's files after some edits. Throws a SetupError if an edit does not fit its file. */
export function applyEdits(tree: Tree, edits: readonly Edit[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const edit of edits) {
    const text = applyEdit(edit, files.get(edit.file) ?? tree.read(edit.file));
    if (text === undefined)
      throw strange(edit.file, `there is no place for ${describeEdit(edit)}`, describeByHand(edit));
    files.set(edit.file, text);
  }
  return files;
}

/** The effect of an edit, in words. */
export function describeEdit(edit: Edit): string {
  if (edit.kind === 'flag') return `--${edit.flag}=${edit.new} (was ${edit.old})`;
  if (edit.kind === 'append') return edit.text;
  if (edit.kind === 'yaml')
    return `${edit.key}: ${edit.new.trim()} (${edit.old === undefined ? 'was not there' : `was ${edit.old.trim() || 'empty'}`})`;
  return `a file of its own, with ${/\S*container-runtime-endpoint[=:]\s*[^\s"]+/.exec(edit.content)?.[0] ?? 'its content'}`;
}

/** The state after an edit was taken back, in words. */
export function describeUndone(edit: Edit): string {
  if (edit.kind === 'flag') return `--${edit.flag}=${edit.old} again`;
  if (edit.kind === 'append') return `without ${edit.text} again`;
  if (edit.kind === 'yaml')
    return edit.old === undefined ? `without ${edit.key} again` : `${edit.key}: ${edit.old.trim()} again`;
  return 'removed';
}

function describeByHand(edit: Edit): string {
  return edit.kind === 'file'
    ? `look at ${edit.file}`
    : `set it there, then systemctl daemon-reload && systemctl restart kubelet`;
}

/**
 * The edits after which the kubelet uses the endpoint `value`: none if it does already. They are tried on a copy of the files, so that
 * the result is known to take effect. Throws a SetupError for settings that it does not understand.
 */
export function planKubelet(tree: Tree, kubelet: Kubelet, value: string, view: KubeletView): Edit[] {
  const isThere = kubelet.endpoint !== undefined && sameEndpoint(kubelet.endpoint.value, value);
  if (kubelet.distribution !== undefined) {
    const edits = isThere ? [] : kubelet.distribution.plan(tree, kubelet.unit, kubelet.args, value);
    return checkEdits(tree, edits, value, view);
  }
  const endpoint = isThere ? { edits: [], wanted: [] } : planEndpoint(tree, kubelet, value);
  const images = planImageEndpoint(tree, kubelet, value, isThere ? undefined : kubelet.endpoint?.value);
  const wanted = [...(isThere ? [] : planRuntimeFlag(kubelet)), ...endpoint.wanted, ...images.wanted];
  const changed = wanted.map(one => changeFlag(tree, kubelet, one));
  const missing = wanted.filter((_, index) => changed[index] === undefined);
  const edits = [
    ...changed.filter(edit => edit !== undefined),
    ...endpoint.edits,
    ...images.edits,
    ...planInstanceConfig(tree, kubelet, value),
    ...addFlags(kubelet, missing),
  ];
  return checkEdits(tree, edits, value, view);
}

function checkEdits(tree: Tree, edits: readonly Edit[], value: string, view: KubeletView): Edit[] {
  if (edits.length > 0) assertTakesEffect(overlayTree(tree, applyEdits(tree, edits)), value, view);
  return [...edits];
}

function assertTakesEffect(after: Tree, value: string, view: KubeletView): void {
  const kubelet = inspectKubelet(after, view);
  const { endpoint, imageEndpoint } = kubelet ?? {};
  if (
    endpoint !== undefined &&
    sameEndpoint(endpoint.value, value) &&
    sameEndpoint(imageEndpoint?.value ?? value, value)
  )
    return;
  const file = kubelet?.unit.execStart.origin.file ?? KUBELET_UNIT;
  throw strange(
    file,
    `an edit would not take effect: the kubelet would still use ${endpoint?.value ?? 'its own default'}`,
    `start the kubelet with --container-runtime-endpoint=${value}`,
  );
}
