import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { parse, stringify } from 'yaml';
import { methods } from '../../../src/cri/tables/methods.ts';
import { codeLabels } from '../../../src/watch/call-codes.ts';
import { waitFor } from '../../support/child.ts';
import { connect } from '../../support/cri-client.ts';
import { criTypes } from '../../support/cri-types.ts';
import { type Scrape, scrape } from '../../support/exposition.ts';
import { methodPath } from '../../support/facts.ts';
import { startFakeRuntime } from '../../support/fake-runtime.ts';
import { startProxy } from '../../support/proxy.ts';
import { needs } from '../../support/require.ts';

const docs = new URL('../../../docs/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, docs), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules: readonly Rule[] = parse(read('operate/alerts.yaml')).groups[0].rules;
const panels: readonly Panel[] = JSON.parse(read('operate/dashboard.json')).panels;

/** Labels that Prometheus adds to each series. */
const targetLabels = ['instance', 'job'];

/** The metrics of alerts and the dashboard. */
const shownMetrics = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(each => each.targets ?? []).map(({ expr }) => expr),
]
  .flatMap(selectors)
  .map(({ name }) => name);

/** A scrape of a daemon that has seen a little of everything. */
async function realScrape(): Promise<Scrape> {
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-operate-'));
  const nothing = Buffer.alloc(0);
  const made = criTypes('runtime.v1').encode('RunPodSandboxResponse', { pod_sandbox_id: 'p1' });
  const lists = { ListPodSandbox: nothing, ListContainers: nothing, ListImages: nothing };
  const answers = { ...lists, Status: nothing, RunPodSandbox: made };
  const runtime = await startFakeRuntime({ socketPath: join(dir, 'primary'), answers });
  const admin = join(dir, 'admin.sock');
  const [file, readSocket] = [join(dir, 'config.yaml'), join(dir, 'read.sock')];
  writeFileSync(file, `sockets: [{path: ${readSocket}, allow: [read]}]\n`);
  const flags = ['-config', file, '-adminSocket', admin, '-otlp', 'http://127.0.0.1:2'];
  const proxy = await startProxy({ connect: `${runtime.socketPath},vm:${join(dir, 'vm')}`, flags });
  const client = connect(proxy.socketPath);
  const reader = connect(readSocket);
  try {
    const image = criTypes('runtime.v1').encode('ImageStatusRequest', { image: { image: 'busybox' } });
    for (const method of ['Version', 'ListContainers', 'ListPodSandbox', 'Status', 'UpdateRuntimeConfig'])
      await client.ask(method);
    await client.raw(methodPath('ImageStatus', 'runtime.v1'), image);
    await client.ask('RunPodSandbox', { config: { metadata: { name: 'web', uid: 'u1', namespace: 'default' } } });
    await reader.ask('Version');
    let last: Scrape | undefined;
    const isWhole = async () => {
      // The event loop is measured while clients call.
      await client.ask('Version');
      last = await scrape(admin);
      return shownMetrics.every(name => last!.all(name).length > 0) || undefined;
    };
    // If it never is, the test below names the metric.
    await waitFor('every metric', isWhole).catch(() => {});
    return last!;
  } finally {
    client.close();
    reader.close();
    await proxy.remove();
    await runtime.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Names of metrics in an expression, with the labels that the expression selects by, and their values. */
function selectors(expr: string): { name: string; labels: { label: string; values: string[] }[] }[] {
  return [...expr.matchAll(/\b((?:criproxy|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].map(([, name, inside]) => ({
    name: name!,
    labels: [...(inside ?? '').matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label, value]) => ({
      label: label!,
      values: value!.split('|'),
    })),
  }));
}

/** Labels that the expression groups by. */
function groupings(expr: string): string[] {
  return [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, inside]) => inside!.split(/\s*,\s*/));
}

const known: Readonly<Record<string, readonly string[]>> = {
  code: codeLabels,
  method: Object.keys(methods),
  to: ['up', 'down'],
  quantile: ['0.5', '0.99', '1'],
  runtime: ['primary', 'several', 'none'],
};

const found = await realScrape();

test('every metric that the dashboard and the alerts name is in a real scrape, with its labels', async t => {
  const exprs = [
    ...rules.map(({ alert, expr }) => ({ where: alert, expr, text: '' })),
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, legendFormat }) => ({ where: title, expr, text: legendFormat })),
    ),
  ];
  t.ok(exprs.length > 30, `${exprs.length} expressions`);
  for (const { where, expr, text } of exprs) {
    const used = selectors(expr);
    t.ok(used.length > 0 || /^up\{job="criproxy"\}/.test(expr), `${where} is about metrics`);
    const labels = new Set(targetLabels);
    for (const { name, labels: selected } of used) {
      const samples = found.all(name);
      t.ok(samples.length > 0, `${where}: ${name}`);
      for (const label of samples.flatMap(sample => Object.keys(sample.labels))) labels.add(label);
      for (const { label, values } of selected) {
        t.ok(labels.has(label), `${where}: ${name} has ${label}`);
        t.strictSame(values.filter(value => known[label]?.includes(value) === false), [], `${where}: values of ${label}`); // biome-ignore format: one line
      }
    }
    const shown = [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
    t.strictSame([...groupings(expr), ...shown].filter(label => !labels.has(label)), [], `${where}: labels`); // biome-ignore format: one line
  }
});

test('nothing is held against a runtime that was never there', async t => {
  t.equal(found.sum('criproxy_runtime_seen', { runtime: 'vm' }), 0);
  const counted = [
    'criproxy_runtime_calls_total',
    'criproxy_snapshot_uses_total',
    'criproxy_runtime_state_changes_total',
  ];
  for (const name of counted) t.equal(found.sum(name, { runtime: 'vm' }), 0, name);
});

test('metrics.md has exactly the metrics of the scrape, with the same type and help', async t => {
  const rows = [...read('operate/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)];
  const documented = rows.map(([, name, type, labels, help]) => ({ name, type, labels, help }));
  const labelsOf = (name: string) => {
    const { labels = {} } = found.all(name)[0] ?? found.all(`${name}_bucket`)[0] ?? {};
    const names = Object.keys(labels).filter(label => label !== 'le');
    return names.map(label => `\`${label}\``).join(' ');
  };
  const scraped = [...found.types].map(([name, type]) => ({
    name,
    type,
    labels: labelsOf(name),
    help: found.helps.get(name),
  }));
  const byName = (one: { name?: string | undefined }, other: { name?: string | undefined }) =>
    one.name! < other.name! ? -1 : 1;
  t.strictSame(documented.sort(byName), scraped.sort(byName));
});

test('every alert links to an existing runbook', async t => {
  for (const { alert, labels, annotations } of rules) {
    t.match(labels['severity'], /^(?:critical|warning)$/, `${alert}: severity`);
    for (const name of ['summary', 'description']) t.match(annotations[name], /\w+ \w+/, `${alert}: ${name}`);
    const [file, anchor] = annotations['runbook']!.split('#');
    t.equal(file, 'docs/troubleshooting.md');
    const headings = [...read('troubleshooting.md').matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    t.ok(headings.includes(anchor!), `${alert}: ${anchor}`);
  }
});

test('panels have ids of their own and do not lie on each other', async t => {
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} fits`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.equal(taken.get(`${x} ${y}`), undefined, `${title} at ${x} ${y}`);
        taken.set(`${x} ${y}`, title);
      }
    }
  }
});

const target = 'instance="n",job="criproxy"';
const list = `runtime="alt",method="ListContainers",${target}`;

/** Series for each alert, with the values of each minute: `bad` makes the alert fire, `good` is a healthy node. */
const cases: Readonly<Record<string, readonly { series: string; bad: string; good: string }[]>> = {
  CriproxyDown: [{ series: `up{${target}}`, bad: '0', good: '1' }],
  CriproxyRuntimeDown: [
    { series: `criproxy_runtime_up{runtime="alt",${target}}`, bad: '0', good: '1' },
    { series: `criproxy_runtime_seen{runtime="alt",${target}}`, bad: '1', good: '1' },
    { series: `criproxy_runtime_up{runtime="primary",${target}}`, bad: '0', good: '1' },
    { series: `criproxy_runtime_seen{runtime="primary",${target}}`, bad: '0', good: '1' },
    // The runtime was never there.
    { series: `criproxy_runtime_up{runtime="vm",${target}}`, bad: '0', good: '0' },
    { series: `criproxy_runtime_seen{runtime="vm",${target}}`, bad: '0', good: '0' },
  ],
  CriproxyRuntimeFlapping: [
    { series: `criproxy_runtime_state_changes_total{runtime="alt",to="down",${target}}`, bad: '0+1', good: '1' },
  ],
  CriproxyListsFromSnapshot: [
    { series: `criproxy_snapshot_in_use{runtime="alt",list="ListContainers",${target}}`, bad: '1', good: '0' },
  ],
  CriproxySnapshotNotWritten: [{ series: `criproxy_snapshot_write_failures_total{${target}}`, bad: '0+1', good: '1' }],
  CriproxyRuntimeErrors: [
    { series: `criproxy_runtime_calls_total{runtime="alt",code="OK",${target}}`, bad: '0+60', good: '0+60' },
    { series: `criproxy_runtime_calls_total{runtime="alt",code="Unavailable",${target}}`, bad: '0+10', good: '5' },
    { series: `criproxy_runtime_calls_total{runtime="alt",code="NotFound",${target}}`, bad: '0', good: '0+60' },
  ],
  CriproxyRuntimeSlow: [
    { series: `criproxy_runtime_call_duration_seconds_bucket{le="0.1",${list}}`, bad: '0', good: '0+60' },
    { series: `criproxy_runtime_call_duration_seconds_bucket{le="1",${list}}`, bad: '0+60', good: '0+60' },
    { series: `criproxy_runtime_call_duration_seconds_bucket{le="+Inf",${list}}`, bad: '0+60', good: '0+60' },
  ],
  CriproxySlow: [
    { series: `criproxy_own_duration_seconds_bucket{le="0.1",${target}}`, bad: '0', good: '0+60' },
    { series: `criproxy_own_duration_seconds_bucket{le="0.5",${target}}`, bad: '0+60', good: '0+60' },
    { series: `criproxy_own_duration_seconds_bucket{le="+Inf",${target}}`, bad: '0+60', good: '0+60' },
    { series: `criproxy_runtime_up{runtime="primary",${target}}`, bad: '1', good: '1' },
  ],
  CriproxyEventLoopLag: [
    { series: `criproxy_event_loop_lag_seconds{quantile="0.99",${target}}`, bad: '0.5', good: '0.01' },
  ],
  CriproxyLargeMessages: [
    {
      series: `criproxy_large_messages_total{method="ListContainers",direction="response",${target}}`,
      bad: '0+1',
      good: '0',
    },
  ],
  CriproxyMemory: [{ series: `process_resident_memory_bytes{${target}}`, bad: '300000000', good: '80000000' }],
  CriproxyRestarts: [{ series: `process_start_time_seconds{${target}}`, bad: '0+60', good: '1000' }],
  CriproxyOwnFault: [{ series: `criproxy_own_faults_total{ended="call",${target}}`, bad: '0+1', good: '1' }],
  CriproxyFaultsInjected: [{ series: `criproxy_faults_injected_total{${target}}`, bad: '0+1', good: '3' }],
};

/** The number of bad series of a case, if it is not one. */
const bad: Readonly<Record<string, number>> = { CriproxyRuntimeDown: 2 };

/** A test of promtool: after an hour the case's alert fires so often, and no other. */
function promtoolTest(name: string, health: 'bad' | 'good', times: number) {
  return {
    name,
    interval: '1m',
    input_series: cases[name]!.map(({ series, ...values }) => {
      const [first, step = '0'] = values[health].split('+');
      return { series, values: `${first}+${step}x90` };
    }),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: '60m',
        exp_samples: times === 0 ? [] : [{ labels: `{alertname="${name}"}`, value: times }],
      },
    ],
  };
}

test('promtool: each alert fires alone for its fault, and none fires on a healthy node', needs('metrics'), async t => {
  t.strictSame(Object.keys(cases), rules.map(({ alert }) => alert), 'a case each'); // biome-ignore format: one line
  const dir = mkdtempSync(join(tmpdir(), 'criproxy-alerts-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const alerts = fileURLToPath(new URL('operate/alerts.yaml', docs));
  t.match(execFileSync('promtool', ['check', 'rules', alerts], { encoding: 'utf8' }), /SUCCESS: 14 rules/);
  for (const name of Object.keys(cases)) {
    const file = join(dir, `${name}.yaml`);
    const tests = [promtoolTest(name, 'bad', bad[name] ?? 1), promtoolTest(name, 'good', 0)];
    writeFileSync(file, stringify({ rule_files: [alerts], evaluation_interval: '1m', tests }));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    t.equal(status, 0, `${name}: ${stdout} ${stderr}`);
  }
});
