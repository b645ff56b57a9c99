import { hashText } from './edit.ts';
import type { Host } from './host.ts';
import { findKubeletUnit, KUBELET_UNIT } from './kubelet.ts';
import { DROP_IN } from './plan.ts';
import type { MadeEdit, SetupRecord } from './record.ts';
import { DOCKERSHIM_UNIT_FILE, WRITTEN } from './services.ts';
import type { Tree } from './tree.ts';

/** The file by which criproxy 0.14 led the kubelet to its socket. */
const OLD_DROP_IN = `/etc/systemd/system/${KUBELET_UNIT}.d/99-criproxy.conf`;

/** The files that a set-up writes for a kubelet that is part of another program. */
const OWN_SETTINGS = ['k3s', 'rke2'].map(name => `/etc/rancher/${name}/config.yaml.d/zz-criproxy.yaml`);

/** Whether an edit is a file of criproxy 0.14, which stays for as long as the kubelet takes it. */
export function isOfOldRelease({ edit }: MadeEdit): boolean {
  return edit.kind === 'file' && (edit.file === OLD_DROP_IN || edit.file.startsWith(DOCKERSHIM_UNIT_FILE));
}

function asEdit(tree: Tree, file: string): MadeEdit {
  const content = tree.read(file)!;
  return { edit: { kind: 'file', file, content }, before: undefined, after: hashText(content)! };
}

/** Its drop-in, and the dockershim's service that it made of the kubelet's. */
function listOldFiles(tree: Tree): string[] {
  if (!/criproxy\.sock/.test(tree.read(OLD_DROP_IN) ?? '')) return [];
  const folder = `${DOCKERSHIM_UNIT_FILE}.d`;
  const dockershim = [DOCKERSHIM_UNIT_FILE, ...tree.list(folder).map(name => `${folder}/${name}`)];
  const isOld = dockershim.some(file => tree.read(file)?.includes('--experimental-dockershim'));
  const isOwn = tree.read(DOCKERSHIM_UNIT_FILE)?.startsWith(WRITTEN);
  return [OLD_DROP_IN, ...(isOld && !isOwn ? dockershim.filter(file => tree.exists(file)) : [])];
}

/**
 * The record with the edits for criproxy that are missing in it: files of criproxy 0.14, and the drop-in of this program if the record
 * was lost. They are taken back like any other edit, and were made before the recorded edits.
 */
export function adoptEdits(host: Pick<Host, 'files' | 'kubeletUnits'>, record: SetupRecord): SetupRecord {
  const tree = host.files;
  const known = new Set(record.edits.map(({ edit }) => edit.file));
  const dropIn = `/etc/systemd/system/${findKubeletUnit(tree, host)}.d/${DROP_IN}`;
  const own = [dropIn, ...OWN_SETTINGS].filter(file => tree.read(file)?.startsWith(WRITTEN));
  const found = [...listOldFiles(tree), ...own].filter(file => !known.has(file));
  return { ...record, edits: [...found.map(file => asEdit(tree, file)), ...record.edits] };
}
