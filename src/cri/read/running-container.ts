import { readEnum, readMap, readVarint } from '../../wire/fields.ts';
import { containerNameOf } from './item-names.ts';
import { itemsById } from './listing.ts';
import { CONTAINER_RUNNING } from './state-records.ts';

/** A container that runs. `pod`: its pod's uid; `createdAt`: in ms since 1970. */
export interface RunningContainer {
  readonly id: string;
  readonly pod: string;
  readonly name: string;
  readonly createdAt: number;
}

/** The label by which the kubelet tells a container's pod (pkg/kubelet/types, KubernetesPodUIDLabel). */
const POD_UID = 'io.kubernetes.pod.uid';

/** The running containers of a ListContainersResponse. Container: state (6), created_at (7) in ns, labels (8). Throws a WireError. */
export function readRunningContainers(list: Buffer): RunningContainer[] {
  return [...itemsById(list)]
    .filter(([, container]) => readEnum(container, 6) === CONTAINER_RUNNING)
    .map(([id, container]) => ({
      id,
      pod: readMap(container, 8).get(POD_UID) ?? '',
      name: containerNameOf(container),
      createdAt: Number(readVarint(container, 7) / 1_000_000n),
    }));
}
