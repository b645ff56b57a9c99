import { readFileSync, statSync } from 'node:fs';
import { askApi } from '../../admin/admin-client.ts';
import type { PlacedPod, PlaceRequest } from '../../admin/api/placement-answer.ts';
import { escapeControls } from '../../base/escape-controls.ts';
import { runtimeName } from '../../base/runtime-name.ts';
import type { Invocation } from '../grammar/command-row.ts';
import { UsageError } from '../grammar/usage-error.ts';

/** `criproxy place --pod FILE|NAMESPACE/NAME`: prints the steps and the runtime; resolves with 1 for a pod that would be refused. */
export async function runPlace({ values }: Invocation): Promise<number> {
  const pod = values['pod'];
  if (typeof pod !== 'string') throw new UsageError('place: needs --pod FILE or --pod NAMESPACE/NAME');
  const body = await readRequest(pod);
  const { runtime, steps } = await askApi(String(values['admin-socket']), 'POST /v1/place', { body });
  const outcome = runtime === null ? 'the pod would be refused' : `the pod runs on ${runtimeName(runtime)}`;
  process.stdout.write([...steps, outcome].map(line => `${escapeControls(line)}\n`).join(''));
  return runtime === null ? 1 : 0;
}

async function readRequest(pod: string): Promise<PlaceRequest> {
  if (statSync(pod, { throwIfNoEntry: false })?.isFile()) return { pod: await readPod(pod) };
  const match = /^([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(pod);
  if (match === null) throw new UsageError(`place: --pod: "${pod}" is neither a file nor NAMESPACE/NAME`);
  return { known: { namespace: match[1]!, name: match[2]! } };
}

/** The metadata and the spec of a pod, or of a workload's pod template. */
interface Manifest {
  readonly kind?: string;
  readonly metadata?: Partial<Record<'namespace' | 'name' | 'uid', string>> &
    Partial<Record<'labels' | 'annotations', Readonly<Record<string, string>>>>;
  readonly spec?: {
    readonly runtimeClassName?: string;
    readonly template?: Manifest;
    readonly jobTemplate?: Manifest;
  };
}

async function readPod(file: string): Promise<PlacedPod> {
  const { parse } = await import('yaml');
  let manifest: Manifest;
  try {
    manifest = (parse(readFileSync(file, 'utf8')) ?? {}) as Manifest;
  } catch (fault) {
    throw new UsageError(`place: ${file}: ${(fault as Error).message.split('\n')[0]}`);
  }
  const { namespace = 'default', name = '' } = manifest.metadata ?? {};
  const pod = manifest.spec?.jobTemplate?.spec?.template ?? manifest.spec?.template ?? manifest;
  if (pod === manifest && manifest.kind !== 'Pod') {
    throw new UsageError(`place: ${file}: is neither a Pod nor a workload with a pod template`);
  }
  const { uid = '', labels = {}, annotations = {} } = pod.metadata ?? {};
  return { namespace, name, uid, labels, annotations, handler: pod.spec?.runtimeClassName ?? '' };
}
