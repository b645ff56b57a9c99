import { undoEdit } from './edit.ts';
import { endpointPath, sameEndpoint } from './endpoint.ts';
import type { Host } from './host.ts';
import { inspectKubelet, type Kubelet } from './kubelet.ts';
import { describePlace } from './kubelet-setting.ts';
import { findNextStep, type NextStep } from './next-step.ts';
import { describeEdit } from './plan.ts';
import { readRecord } from './record.ts';
import { describeConnections, findRunningKubelet, type RunningKubelet, usesSocket } from './running-kubelet.ts';
import { RUNTIMES_FILE, readConnect } from './services.ts';
import { SetupError } from './setup-error.ts';

/** The state of a node, as the set-up sees it. */
export interface Status {
  /** Undefined if the node has none. */
  readonly kubelet:
    | {
        readonly version: string;
        readonly unit: string;
        readonly endpoint: string;
        readonly from: string;
        readonly usesCriproxy: boolean;
        /** The service that runs it. */
        readonly service: string;
        /** The way to lead it to criproxy; undefined if its files do. */
        readonly next: NextStep | undefined;
      }
    | undefined;
  /** The kubelet that runs; undefined if none does, or if that cannot be told. */
  readonly running: RunningStatus | undefined;
  /** The part of the kubelet's settings that is not understood. */
  readonly strange: SetupError | undefined;
  /** The value of `-connect` that the set-up chose; undefined before. */
  readonly connect: string | undefined;
  readonly edits: readonly { readonly file: string; readonly what: string; readonly inForce: boolean }[];
}

export interface RunningStatus extends RunningKubelet {
  readonly usesCriproxy: 'yes' | 'no' | 'unknown';
  /** Its connections, or the sockets that its arguments and files name, in words. */
  readonly does: string;
}

function describeRunning(host: Host, kubelet: Kubelet | undefined, listen: string): RunningStatus | undefined {
  const running = findRunningKubelet(host, kubelet?.minor, kubelet?.unit.name);
  return running && { ...running, usesCriproxy: usesSocket(running, listen), does: describeConnections(running) };
}

function describeKubelet(host: Host, kubelet: Kubelet, listen: string): Status['kubelet'] {
  const { endpoint, minor, unit } = kubelet;
  const usesCriproxy = endpoint !== undefined && sameEndpoint(endpoint.value, listen);
  const own = kubelet.usesDocker ? 'its own dockershim' : 'its own default';
  const from = endpoint === undefined ? own : describePlace(endpoint.place);
  return {
    version: kubelet.distribution?.name ?? (minor === undefined ? 'unknown' : `1.${minor}`),
    unit: unit.files[0]!,
    endpoint: endpoint === undefined ? '' : `unix://${endpointPath(endpoint.value)}`,
    from,
    usesCriproxy,
    service: unit.name,
    next: usesCriproxy ? undefined : findNextStep(host.files, kubelet, `unix://${listen}`, host),
  };
}

/** Reads the node, and changes nothing. */
export function readStatus(host: Host, listen: string): Status {
  let kubelet: Status['kubelet'];
  let strange: SetupError | undefined;
  let found: Kubelet | undefined;
  try {
    found = inspectKubelet(host.files, host);
    kubelet = found && describeKubelet(host, found, listen);
  } catch (fault) {
    if (!(fault instanceof SetupError)) throw fault;
    strange = fault;
  }
  const connect = readConnect(host.files.read(RUNTIMES_FILE));
  const edits = readRecord(host.files).edits.map(({ edit }) => ({
    file: edit.file,
    what: describeEdit(edit),
    inForce: undoEdit(edit, host.files.read(edit.file)).kind === 'ours',
  }));
  return { kubelet, running: describeRunning(host, found, listen), strange, connect, edits };
}
