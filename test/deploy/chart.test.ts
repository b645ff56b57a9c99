import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { stageChart } from '../../build/deploy-archives.ts';
import { renderRuntimeClasses } from '../../src/cli/commands/runtime-classes.ts';
import { needs } from '../support/require.ts';
import { type ApiObject, findSchemaFaults } from './api-schemas.ts';
import { deploy, root } from './deploy-folder.ts';

const options = needs('chart');

const folder = mkdtempSync(join(tmpdir(), 'criproxy-chart-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const [chart, renderer] = [join(folder, 'chart'), join(folder, 'render-chart')];

/** Go compiles the renderer once. */
function makeRenderer(): void {
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOCACHE: join(folder, 'cache'),
    CGO_ENABLED: '0',
  };
  execFileSync('/usr/bin/go', ['build', '-o', renderer, join(import.meta.dirname, 'render-chart.go')], {
    env,
    stdio: 'pipe',
  });
  stageChart(chart, '1.2.3');
}

/** The objects of the chart with these values in the place of its own, and its notes. */
function render(values: Readonly<Record<string, unknown>>): { objects: ApiObject[]; notes: string } {
  const all = { ...(parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as object), ...values };
  const run = spawnSync(renderer, [chart, 'mine', 'system-criproxy'], { encoding: 'utf8', input: stringify(all) });
  if (run.status !== 0) throw new Error(run.stderr);
  const parts = run.stdout.split(/^--- # (.+)$/m).slice(1);
  const files = new Map(parts.flatMap((name, index) => (index % 2 === 0 ? [[name, parts[index + 1]!] as const] : [])));
  const notes = files.get('NOTES.txt')!;
  files.delete('NOTES.txt');
  const objects = [...files].flatMap(([name, text]) =>
    parseAllDocuments(text).flatMap(document => {
      if (document.errors.length > 0) throw new Error(`${name}: ${document.errors[0]!.message}\n${text}`);
      return (document.toJS() as ApiObject | null) ?? [];
    }),
  );
  return { objects, notes };
}

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds
const find = (objects: readonly ApiObject[], kind: string): any => objects.find(object => object.kind === kind);

const config = {
  metrics: '0.0.0.0:9494',
  runtimes: [
    { socket: '/run/containerd/containerd.sock', handlers: { fast: 'crun' } },
    { id: 'kata', socket: '/run/kata/containerd.sock', handlers: { 'kata-qemu': 'qemu', 'kata-clh': '' } },
    { id: 'plain', socket: '/run/plain.sock' },
  ],
};

test('the chart, rendered by the parts of Helm', options, async t => {
  makeRenderer();

  const looking = render({});
  t.same(
    find(looking.objects, 'DaemonSet').spec.template.spec.containers[0].args,
    ['--state=look'],
    'nothing is changed at first',
  );
  t.match(looking.notes, /No node is changed/);

  const plain = render({ state: 'present' });
  t.same(plain.objects.map(({ kind }) => kind).sort(), [
    'ClusterRole',
    'ClusterRoleBinding',
    'DaemonSet',
    'ServiceAccount',
  ]);
  for (const object of plain.objects) t.same(await findSchemaFaults(object), [], object.kind);
  const set = find(plain.objects, 'DaemonSet');
  const own = parse(readFileSync(join(deploy, 'base/daemonset.yaml'), 'utf8'));
  const { image, ...container } = set.spec.template.spec.containers[0];
  t.equal(image, 'registry.example.com/criproxy-installer:1.2.3', 'the image is that of the chart’s release');
  const { image: _, ...ownContainer } = own.spec.template.spec.containers[0];
  t.same(container, ownContainer, 'the container is that of the base');
  t.same({ ...set.spec, template: undefined }, { ...own.spec, template: undefined }, 'and so is the roll-out');
  t.equal(find(plain.objects, 'ClusterRoleBinding').subjects[0].namespace, 'system-criproxy');
  t.match(plain.notes, /the nodes stay on criproxy/);

  const all = render({
    config,
    metrics: true,
    ownNodeOnly: true,
    state: 'absent',
    image: { repository: 'r/i', tag: 't' },
  });
  for (const object of all.objects)
    t.same(await findSchemaFaults(object), [], `${object.kind} ${object.metadata.name}`);
  t.same([...new Set(all.objects.map(({ kind }) => kind))].sort(), [
    'ClusterRole',
    'ClusterRoleBinding',
    'ConfigMap',
    'DaemonSet',
    'PrometheusRule',
    'RuntimeClass',
    'Service',
    'ServiceAccount',
    'ServiceMonitor',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
  ]);
  for (const { metadata } of all.objects)
    t.ok([undefined, 'system-criproxy'].includes(metadata.namespace), metadata.name);
  const [told] = find(all.objects, 'DaemonSet').spec.template.spec.containers;
  t.same([told.image, told.args], ['r/i:t', ['--state=absent']]);
  t.match(all.notes, /taken off criproxy/);
  const map = all.objects.find(({ metadata }) => metadata.name === 'criproxy-config') as ApiObject & {
    data: Record<string, string>;
  };
  t.same(parse(map.data['config.yaml']!), config, 'the configuration is as it was given');
  t.match(
    JSON.stringify(find(all.objects, 'ValidatingAdmissionPolicy')),
    'system:serviceaccount:system-criproxy:criproxy-installer',
  );

  writeFileSync(join(folder, 'config.yaml'), stringify(config));
  const made = parseAllDocuments(await renderRuntimeClasses(join(folder, 'config.yaml'))).map(document =>
    document.toJS(),
  );
  t.same(
    all.objects
      .filter(({ kind }) => kind === 'RuntimeClass')
      .map(each => JSON.stringify(each))
      .sort(),
    made.map(each => JSON.stringify(each)).sort(),
    'RuntimeClasses are those of criproxy config runtime-classes',
  );
  const annotation = (each: { objects: ApiObject[] }) =>
    find(each.objects, 'DaemonSet').spec.template.metadata.annotations;
  t.notSame(annotation(plain), annotation(all), 'another configuration is rolled out');
});

test('the chart has no links, which Helm would follow out of it', async t => {
  const to = join(folder, 'packed');
  stageChart(to, '1.2.3');
  const entries = readdirSync(to, { recursive: true, withFileTypes: true });
  t.same(
    entries.filter(entry => entry.isSymbolicLink()).map(({ name }) => name),
    [],
  );
  t.ok(entries.some(({ name }) => name === 'daemonset.yaml'));
});

test('the image of the base is that of this release', async t => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { images } = parse(readFileSync(join(deploy, 'base/kustomization.yaml'), 'utf8'));
  t.equal(images[0].newTag, version);
});
