import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { parseAllDocuments, stringify } from 'yaml';
import { renderDeployFiles } from '../../build/deploy-files.ts';
import { renderRuntimeClasses } from '../../src/cli/commands/runtime-classes.ts';
import { INSTALLED, markOf } from '../../src/cluster/node-marks.ts';
import { unpackFromSuite } from '../support/debian-suite.ts';
import { type ApiObject, findSchemaFaults } from './api-schemas.ts';
import { deploy } from './deploy-folder.ts';

const kubectl = join(unpackFromSuite('sid', 'kubectl'), 'usr/bin/kubectl');

function readObjects(text: string): ApiObject[] {
  return parseAllDocuments(text).flatMap(document => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return (document.toJS() as ApiObject | null) ?? [];
  });
}

function kustomize(folder: string): ApiObject[] {
  return readObjects(execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8' }));
}

const ids = (objects: readonly ApiObject[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();

/** The type is any, since each test states the shape that it looks for. */
// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds
function find(objects: readonly ApiObject[], kind: string): any {
  const [found, ...more] = objects.filter(object => object.kind === kind);
  if (found === undefined || more.length > 0) throw new Error(`${kind}: ${more.length + (found ? 1 : 0)} of them`);
  return found;
}

const base = [
  'ClusterRole criproxy-installer',
  'ClusterRoleBinding criproxy-installer',
  'DaemonSet criproxy-installer',
  'Namespace criproxy',
  'ServiceAccount criproxy-installer',
];

const rows: readonly { readonly folder: string; readonly more: readonly (string | RegExp)[] }[] = [
  { folder: 'base', more: [] },
  { folder: 'overlays/absent', more: [] },
  { folder: 'overlays/look', more: [] },
  { folder: 'overlays/config', more: [/^ConfigMap criproxy-config-\w{10}$/, 'RuntimeClass kata-qemu'] },
  {
    folder: 'overlays/monitored',
    more: [
      /^ConfigMap criproxy-config-\w{10}$/,
      'ConfigMap criproxy-dashboard',
      'PrometheusRule criproxy',
      'RuntimeClass kata-qemu',
      'Service criproxy',
      'ServiceMonitor criproxy',
    ],
  },
];

for (const { folder, more } of rows) {
  test(`${folder} is rendered, and every object is as the API has it`, async t => {
    const objects = kustomize(join(deploy, folder));
    const expected = [...base, ...more];
    t.equal(objects.length, expected.length, ids(objects).join(', '));
    for (const [index, name] of ids(objects).entries())
      t.ok(
        expected.some(each => (typeof each === 'string' ? each === name : each.test(name))),
        `${index} ${name}`,
      );
    for (const object of objects) t.same(await findSchemaFaults(object), [], `${object.kind} ${object.metadata.name}`);
  });
}

test('the component own-node-only goes with the base', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-deploy-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(deploy, folder, { recursive: true });
  const own = join(folder, 'mine');
  cpSync(join(folder, 'overlays/absent'), own, { recursive: true });
  const text = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['../base'] };
  writeFileSync(join(own, 'kustomization.yaml'), stringify({ ...text, components: ['../components/own-node-only'] }));
  const objects = kustomize(own);
  t.same(
    ids(objects),
    [
      ...base,
      'ValidatingAdmissionPolicy criproxy-own-node-only',
      'ValidatingAdmissionPolicyBinding criproxy-own-node-only',
    ].sort(),
  );
  for (const object of objects) t.same(await findSchemaFaults(object), [], object.kind);
  const policy = JSON.stringify(find(objects, 'ValidatingAdmissionPolicy'));
  const account = find(objects, 'ServiceAccount').metadata;
  t.match(policy, `system:serviceaccount:${account.namespace}:${account.name}`, 'it is of this account');
  t.match(policy, markOf('').split('/')[0]!, 'and of these labels');
});

test('the roll-out stops at the first node that does not become ready', async t => {
  const { spec } = find(kustomize(join(deploy, 'base')), 'DaemonSet');
  t.same(spec.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } });
  const [container] = spec.template.spec.containers;
  t.same(
    container.readinessProbe.exec.command.at(-1),
    '/run/criproxy-installer/ready',
    'what the program has by default',
  );
  t.same(
    container.env.map(({ name }: { name: string }) => name),
    ['NODE_NAME', 'POD_UID'],
    'what it takes from the environment',
  );
  t.same(container.volumeMounts[0], { name: 'config', mountPath: '/etc/criproxy-installer', readOnly: true });
});

test('the account may do nothing but look at nodes and write labels and conditions', async t => {
  const { rules } = find(kustomize(join(deploy, 'base')), 'ClusterRole');
  t.same(rules, [
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
  ]);
});

for (const state of ['absent', 'look']) {
  test(`${state} differs from the base in its argument alone`, async t => {
    const [there, other] = ['base', `overlays/${state}`].map(folder => kustomize(join(deploy, folder)));
    t.same(find(other!, 'DaemonSet').spec.template.spec.containers[0].args, [`--state=${state}`]);
    find(other!, 'DaemonSet').spec.template.spec.containers[0].args = ['--state=present'];
    t.same(other, there);
  });
}

test('a change of the configuration is another name, by which it is rolled out', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'criproxy-deploy-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(deploy, folder, { recursive: true });
  const file = join(folder, 'overlays/config/config.yaml');
  const nameOf = () =>
    find(kustomize(join(folder, 'overlays/config')), 'DaemonSet').spec.template.spec.volumes[0].configMap.name;
  const before = nameOf();
  writeFileSync(file, `${readFileSync(file, 'utf8')}logLevel: 2\n`);
  t.not(nameOf(), before);
});

test('the RuntimeClasses of the overlay are made from its configuration', async t => {
  const folder = join(deploy, 'overlays/config');
  t.equal(
    readFileSync(join(folder, 'runtime-classes.yaml'), 'utf8'),
    await renderRuntimeClasses(join(folder, 'config.yaml')),
  );
  const [found] = readObjects(await renderRuntimeClasses(join(folder, 'config.yaml')));
  t.match(found, { handler: 'kata-qemu', scheduling: { nodeSelector: { [markOf('kata')]: 'up' } } });
  t.match(INSTALLED, /^criproxy\//);
});

for (const [path, text] of Object.entries(renderDeployFiles())) {
  test(`${path.slice(deploy.length + 1)} is as build/deploy-files.ts makes it`, async t => {
    t.equal(readFileSync(path, 'utf8'), text);
  });
}

test('the schemas find the faults of an object', async t => {
  const set = find(kustomize(join(deploy, 'base')), 'DaemonSet');
  const container = set.spec.template.spec.containers[0];
  container.imge = container.image;
  t.same(await findSchemaFaults(set), ['unknown key /spec/template/spec/containers/0/imge']);
  container.args = '--state=present';
  t.match(await findSchemaFaults(set), [/args must be array/]);
});
