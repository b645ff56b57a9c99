import { test } from 'tap';
import { dump } from '../../../src/cri/show/dump.ts';
import { type Package, packages } from '../../../src/cri/translate/packages.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { fields } from '../../support/facts.ts';
import { fixed64, len, message, varint } from '../../wire/bytes.ts';

const SECRET = 'hunter2';
const REDACTED = '<redacted>';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The row of `runtime` (Kubernetes 1.9) has only the fields that the package has. */
function known(pkg: Package, name: string, value: Message): Message {
  const names = fields
    .get(pkg)!
    .get(name)!
    .map(field => field.name);
  return Object.fromEntries(Object.entries(value).filter(([key]) => names.includes(key)));
}

const auth = { username: 'joe', password: SECRET, auth: SECRET, identity_token: SECRET, registry_token: SECRET };
const container = { envs: [{ key: 'TOKEN', value: Buffer.from(SECRET) }, { key: 'EMPTY' }] };
const annotations = { [LAST_APPLIED]: `{"env":"${SECRET}"}`, other: 'shown' };
const annotated = { [LAST_APPLIED]: REDACTED, other: 'shown' };
const info = { info: { config: `{"env":"${SECRET}"}` } };
const redactedInfo = { info: { config: REDACTED } };

/** `v1`: only in runtime.v1. */
const rows: ReadonlyArray<readonly [message: string, value: Message, shown: Message, v1?: true]> = [
  [
    'PullImageRequest',
    { auth: { ...auth, server_address: `https://joe:${SECRET}@registry.example` } },
    {
      auth: {
        username: REDACTED,
        password: REDACTED,
        auth: REDACTED,
        server_address: 'https://<redacted>@registry.example',
        identity_token: REDACTED,
        registry_token: REDACTED,
      },
    },
  ],
  [
    'CreateContainerRequest',
    { config: container },
    { config: { envs: [{ key: 'TOKEN', value: REDACTED }, { key: 'EMPTY' }] } },
  ],
  [
    'RestorePodRequest',
    { container_configs: [container] },
    { container_configs: [{ envs: [{ key: 'TOKEN', value: REDACTED }, { key: 'EMPTY' }] }] },
    true,
  ],
  ['StatusResponse', info, redactedInfo],
  ['PodSandboxStatusResponse', info, redactedInfo],
  ['ContainerStatusResponse', info, redactedInfo],
  ['ImageStatusResponse', info, redactedInfo],
  ['RunPodSandboxRequest', { config: { annotations } }, { config: { annotations: annotated } }],
  [
    'CreateContainerRequest',
    { config: { annotations }, sandbox_config: { annotations } },
    { config: { annotations: annotated }, sandbox_config: { annotations: annotated } },
  ],
  ['PullImageRequest', { sandbox_config: { annotations } }, { sandbox_config: { annotations: annotated } }],
  [
    'RunPodSandboxRequest',
    { config: { annotations: { hook: `https://joe:${SECRET}@a/?sig=${SECRET}` } } },
    { config: { annotations: { hook: 'https://<redacted>@a/?sig=<redacted>' } } },
  ],
  ['ExecResponse', { url: `http://h:1/exec/${SECRET}` }, { url: 'http://h:1/exec/<redacted>' }],
  ['AttachResponse', { url: `http://h:1/attach/${SECRET}` }, { url: 'http://h:1/attach/<redacted>' }],
  ['PortForwardResponse', { url: `/portforward/${SECRET}` }, { url: '/portforward/<redacted>' }],
  ['ListPodSandboxResponse', { items: [{ annotations }] }, { items: [{ annotations: annotated }] }],
  ['ListContainersResponse', { containers: [{ annotations }] }, { containers: [{ annotations: annotated }] }],
  ['ContainerStatusResponse', { status: { annotations } }, { status: { annotations: annotated } }],
  ['PodSandboxStatusResponse', { status: { annotations } }, { status: { annotations: annotated } }],
];

for (const pkg of packages) {
  for (const [name, value, shown, v1] of rows.filter(row => pkg === 'runtime.v1' || row[3] !== true)) {
    test(`${pkg}: ${name} with ${Object.keys(value).join(', ')}${v1 === true ? ' (runtime.v1 only)' : ''}`, async t => {
      const bytes = criTypes(pkg).encode(name, value);
      t.ok(bytes.includes(SECRET), 'it is there');
      t.strictSame(JSON.parse(JSON.stringify(dump(name, pkg, bytes))), shown);
    });
  }
}

test('every field of AuthConfig but the address is redacted, in every package', async t => {
  for (const pkg of packages) {
    const all = known(pkg, 'AuthConfig', { ...auth, server_address: 'shown' });
    const bytes = criTypes(pkg).encode('AuthConfig', all);
    const shown = Object.entries(dump('AuthConfig', pkg, bytes)).filter(([, value]) => value !== REDACTED);
    t.strictSame(shown, [['server_address', 'shown']], pkg);
    t.equal(Object.keys(all).length, fields.get(pkg)!.get('AuthConfig')!.length, `${pkg}: all fields`);
  }
});

test('a secret of another wire type, or before malformed bytes, is redacted too', async t => {
  const rows: ReadonlyArray<readonly [what: string, bytes: Buffer]> = [
    ['a number', varint(2, 1234)],
    ['a 64-bit value', fixed64(2)],
    ['malformed bytes behind it', message(len(2, SECRET), Buffer.from([0xff]))],
    ['a map with a broken entry', len(4, SECRET)],
  ];
  for (const [what, bytes] of rows) {
    const shown = JSON.stringify(dump('KeyValue', 'runtime.v1', bytes));
    t.notOk(shown.includes(SECRET) || shown.includes('1234'), `${what}: ${shown}`);
  }
  const entry = len(2, SECRET);
  t.notOk(JSON.stringify(dump('StatusResponse', 'runtime.v1', entry)).includes(SECRET), 'a map entry that is none');
});

test('a secret at the cut of a long text is redacted', async t => {
  for (let before = 4060; before < 4100; before++) {
    const text = `${'x'.repeat(before)} https://joe:${SECRET}@registry.example/`;
    for (const request of [
      criTypes('runtime.v1').encode('ExecSyncRequest', { cmd: [text] }),
      criTypes('runtime.v1').encode('RunPodSandboxRequest', { config: { annotations: { a: text } } }),
    ]) {
      for (const name of ['ExecSyncRequest', 'RunPodSandboxRequest']) {
        t.notMatch(JSON.stringify(dump(name, 'runtime.v1', request)), /hunt/);
      }
    }
  }
});

test('a secret field is redacted wherever its message is used', async t => {
  const bytes = len(5, len(6, len(1, 'K'), len(2, SECRET)));
  t.strictSame(JSON.parse(JSON.stringify(dump('RestorePodRequest', 'runtime.v1', bytes))), {
    container_configs: [{ envs: [{ key: 'K', value: REDACTED }] }],
  });
});
