import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTied, waitFor } from '../support/child.ts';
import { startContainerd } from '../support/containerd.ts';
import { connect } from '../support/cri-client.ts';
import { freePort } from '../support/free-port.ts';
import { runContainer, runPod } from '../support/pods.ts';
import { startProxy } from '../support/proxy.ts';
import { root } from './markdown.ts';
import { dashboardSvg, type Panel, type Series } from './panel-svg.ts';

/** The interval of Prometheus' scrapes, the window of rates, and the length of the run, in s. */
const SCRAPE = 2;
const RATE = 20;
const RUN = 100;

/** The rows of the grid that are shown: the first three groups of panels. */
const SHOWN = 39;

interface Target {
  readonly expr: string;
  readonly legendFormat?: string;
}

interface DashboardPanel {
  readonly title?: string;
  readonly type: string;
  readonly gridPos: Panel['grid'];
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets?: readonly Target[];
}

/**
 * `node test/docs/dashboard-picture.ts` makes docs/pictures/dashboard.svg: the panels of docs/operate/dashboard.json, drawn from the
 * answers of a real Prometheus (Debian's package, or PROMETHEUS) to their queries. It scrapes a daemon with two real containerd and a load.
 * Between a half and three quarters of the time one of the runtimes is down.
 */
async function makePicture(): Promise<void> {
  const undo: (() => unknown)[] = [];
  try {
    const primary = await startContainerd();
    undo.push(() => primary.stop());
    const second = await startContainerd();
    undo.push(() => second.stop());
    const metrics = `127.0.0.1:${await freePort()}`;
    const sockets = `${primary.socketPath},kata:${second.socketPath}`;
    const proxy = await startProxy({ connect: sockets, verbosity: 0, flags: ['-metrics', metrics] });
    undo.push(() => proxy.remove());
    const prometheus = await startPrometheus(metrics, undo);
    const from = Date.now() / 1000;
    await Promise.all([
      work(proxy.socketPath, RUN * 1000),
      sleep(RUN * 500).then(() => second.kill()),
      sleep(RUN * 750).then(() => second.start()),
    ]);
    const to = Date.now() / 1000;
    const { panels } = JSON.parse(readFileSync(join(root, 'docs/operate/dashboard.json'), 'utf8')) as {
      panels: readonly DashboardPanel[];
    };
    const shown = panels.filter(({ gridPos }) => gridPos.y + gridPos.h <= SHOWN);
    const drawn = await Promise.all(shown.map(panel => fill(panel, prometheus, from, to)));
    const title = 'criproxy: docs/operate/dashboard.json, one node, two containerd, one of them down for a time';
    writeFileSync(join(root, 'docs/pictures/dashboard.svg'), dashboardSvg(title, drawn, from, to));
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function startPrometheus(target: string, undo: (() => unknown)[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-prometheus-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const config = `scrape_configs:
  - job_name: criproxy
    scrape_interval: ${SCRAPE}s
    static_configs: [{targets: ['${target}']}]
`;
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
  const program = process.env['PROMETHEUS'] ?? 'prometheus';
  const child = spawnTied(program, [...flags, `--web.listen-address=${address}`], { stdio: 'ignore' });
  undo.push(() => child.kill('SIGKILL'));
  const url = `http://${address}`;
  await waitFor('Prometheus', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok || undefined);
  return url;
}

async function fill(panel: DashboardPanel, prometheus: string, from: number, to: number): Promise<Panel> {
  const { title = '', type, gridPos: grid, fieldConfig, targets = [] } = panel;
  const series = await Promise.all(targets.map(target => ask(prometheus, target, from, to)));
  return { title, type, grid, unit: fieldConfig?.defaults?.unit, series: series.flat() };
}

interface Answer {
  readonly data: {
    readonly result: ReadonlyArray<{
      readonly metric: Readonly<Record<string, string>>;
      readonly values: ReadonlyArray<readonly [number, string]>;
    }>;
  };
}

async function ask(
  prometheus: string,
  { expr, legendFormat = '' }: Target,
  from: number,
  to: number,
): Promise<Series[]> {
  const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', `${RATE}s`);
  const asked = new URLSearchParams({ query, start: String(from), end: String(to), step: String(SCRAPE) });
  const response = await fetch(`${prometheus}/api/v1/query_range?${asked}`);
  if (!response.ok) throw new Error(`${query}: ${await response.text()}`);
  const { data } = (await response.json()) as Answer;
  return data.result.map(({ metric, values }) => ({
    name: legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '').trim(),
    points: values.map(([time, value]) => [time, Number(value)] as const).filter(([, value]) => Number.isFinite(value)),
  }));
}

/** The calls of a kubelet, and pods that come and go. */
async function work(socketPath: string, duration: number): Promise<void> {
  const client = connect(socketPath);
  const until = performance.now() + duration;
  try {
    for (let round = 0; performance.now() < until; round++) {
      const target = {
        imagePrefix: '',
        annotations: { ...(round % 40 === 20 && { 'kubernetes.io/target-runtime': 'kata' }) },
      };
      if (round % 20 === 0) await startPod(client, target);
      for (const method of ['ListPodSandbox', 'ListContainers', 'Status', 'ListImages', 'Version'])
        await client.ask(method);
      await sleep(150);
    }
  } finally {
    client.close();
  }
}

/** A pod that cannot be started, as on a runtime that is down, is a failed call to look at. */
async function startPod(client: ReturnType<typeof connect>, target: Parameters<typeof runPod>[1]): Promise<void> {
  try {
    const pod = await runPod(client, target);
    await runContainer(client, target, pod, { command: ['/bin/sleep', '600'] });
  } catch (fault) {
    if (!/UNAVAILABLE/.test(String(fault))) throw fault;
  }
}

await makePicture();
