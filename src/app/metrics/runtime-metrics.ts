import { runtimeLabel } from '../../base/runtime-name.ts';
import { steadyNow } from '../../base/steady-clock.ts';
import type { ListName } from '../../cri/read/filter.ts';
import { isUnseen, type Runtime } from '../../routing/port/runtime.ts';
import type { NodeState } from '../../routing/state/node-state.ts';
import type { Metric } from '../../watch/counters.ts';
import { placementMetrics } from './placement-metrics.ts';

const lists: readonly ListName[] = ['ListPodSandbox', 'ListContainers', 'ListImages'];

const changes = ['up', 'down'] as const;

/** The metrics of the runtimes that `runtimes` gives, and of their snapshots. */
export function runtimeMetrics(runtimes: () => readonly Runtime[], node: NodeState): readonly Metric[] {
  return [
    ...stateMetrics(runtimes),
    eventMetric(node),
    ...snapshotMetrics(runtimes, node),
    ...placementMetrics(runtimes, node),
  ];
}

function stateMetrics(runtimes: () => readonly Runtime[]): readonly Metric[] {
  return [
    {
      name: 'criproxy_runtime_up',
      help: '1 while the runtime is connected and has answered Version, else 0.',
      type: 'gauge',
      labels: ['runtime'],
      read: () => runtimes().map(({ id, state }) => [[runtimeLabel(id)], state.kind === 'up' ? 1 : 0] as const),
    },
    {
      name: 'criproxy_runtime_seen',
      help: '0 while the runtime has never been up and its socket does not exist, as for a secondary that is set up later; else 1.',
      type: 'gauge',
      labels: ['runtime'],
      read: () => runtimes().map(({ id, state }) => [[runtimeLabel(id)], isUnseen(state) ? 0 : 1] as const),
    },
    {
      name: 'criproxy_runtime_state_since_timestamp_seconds',
      help: 'Time at which the runtime last came up or went down, in Unix time.',
      type: 'gauge',
      labels: ['runtime'],
      read: () => runtimes().map(({ id, state }) => [[runtimeLabel(id)], state.since / 1000] as const),
    },
    {
      name: 'criproxy_runtime_not_answering_since_timestamp_seconds',
      help: 'Time since which a connected runtime has not answered, in Unix time; 0 while it answers.',
      type: 'gauge',
      labels: ['runtime'],
      read: () => runtimes().map(({ id, silence }) => [[runtimeLabel(id)], (silence?.since ?? 0) / 1000] as const),
    },
    {
      name: 'criproxy_runtime_state_changes_total',
      help: 'Number of times that the runtime has come up, and gone down.',
      type: 'counter',
      labels: ['runtime', 'to'],
      read: () =>
        runtimes().flatMap(({ id, changes: counted }) =>
          changes.map(to => [[runtimeLabel(id), to], counted?.[to] ?? 0] as const),
        ),
    },
    {
      name: 'criproxy_runtime_calls_waiting',
      help: 'Calls that wait until the runtime accepts more concurrent calls, reads its socket, or has another connection.',
      type: 'gauge',
      labels: ['runtime'],
      read: () => runtimes().map(({ id, waits }) => [[runtimeLabel(id)], waits?.now ?? 0] as const),
    },
    {
      name: 'criproxy_runtime_wait_refusals_total',
      help: 'Calls that failed with ResourceExhausted because too many calls of the same client waited for the runtime.',
      type: 'counter',
      labels: ['runtime'],
      read: () => runtimes().map(({ id, waits }) => [[runtimeLabel(id)], waits?.refused ?? 0] as const),
    },
    {
      name: 'criproxy_runtime_info',
      help: '1 for each runtime that is up, with the name and the version that it reports.',
      type: 'gauge',
      labels: ['runtime', 'name', 'version'],
      *read() {
        for (const { id, state } of runtimes()) {
          if (state.kind === 'up') yield [[runtimeLabel(id), state.runtimeName ?? '', state.runtimeVersion ?? ''], 1];
        }
      },
    },
  ];
}

function eventMetric({ feeds }: NodeState): Metric {
  return {
    name: 'criproxy_event_streams_too_slow_total',
    help: 'Event streams of clients that were ended because the client read too slowly.',
    type: 'counter',
    labels: [],
    read: () => [[[], feeds.tooSlow]],
  };
}

function snapshotMetrics(runtimes: () => readonly Runtime[], node: NodeState): readonly Metric[] {
  const uses = new Map<string, number>();
  node.onFromSnapshot = ({ id }, list) => {
    const key = `${runtimeLabel(id)} ${list}`;
    uses.set(key, (uses.get(key) ?? 0) + 1);
  };
  const each = function* (value: (runtime: Runtime, list: ListName) => number | undefined) {
    for (const runtime of runtimes()) {
      for (const list of lists) {
        const found = value(runtime, list);
        if (found !== undefined) yield [[runtimeLabel(runtime.id), list], found] as const;
      }
    }
  };
  const labels = ['runtime', 'list'];
  return [
    {
      name: 'criproxy_snapshot_uses_total',
      help: "Number of times that the runtime's part of a list came from its snapshot because the runtime did not answer.",
      type: 'counter',
      labels,
      read: () => each(({ id }, list) => uses.get(`${runtimeLabel(id)} ${list}`) ?? 0),
    },
    {
      name: 'criproxy_snapshot_in_use',
      help: "1 if the runtime's part of the last answer to a list came from its snapshot.",
      type: 'gauge',
      labels,
      read: () => each((runtime, list) => (node.isStale(runtime, list) ? 1 : 0)),
    },
    {
      name: 'criproxy_snapshot_age_seconds',
      help: 'Age of the last good list of the runtime.',
      type: 'gauge',
      labels,
      read: () =>
        each((runtime, list) => {
          const { takenAt } = node.of(runtime).of(list);
          return takenAt === undefined ? undefined : Math.max(0, steadyNow() - takenAt) / 1000;
        }),
    },
    {
      name: 'criproxy_snapshot_items',
      help: 'Number of items in the last good list of the runtime.',
      type: 'gauge',
      labels,
      read: () =>
        each((runtime, list) => {
          const listing = node.of(runtime).of(list);
          return listing.takenAt === undefined ? undefined : listing.size;
        }),
    },
  ];
}
