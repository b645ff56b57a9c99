import { test } from 'tap';
import { dump } from '../../../src/cri/show/dump.ts';
import { packages } from '../../../src/cri/translate/packages.ts';
import { criTypes, type Message } from '../../support/cri-types.ts';
import { type FieldFact, fields } from '../../support/facts.ts';
import { fixed32, fixed64, group, hex, len, message, tag, varint } from '../../wire/bytes.ts';

function fieldRecord({ number, type, repeated }: FieldFact, isMessage: boolean): Buffer {
  if (type === 'double') return fixed64(number);
  if (isMessage || repeated || /^(?:string|bytes|map)/.test(type)) return len(number);
  return varint(number, 1);
}

for (const pkg of packages) {
  test(`${pkg}: every field is shown under its name`, async t => {
    const messages = fields.get(pkg)!;
    for (const [name, facts] of messages) {
      const bytes = Buffer.concat(facts.map(fact => fieldRecord(fact, messages.has(fact.type))));
      const shown = Object.keys(dump(name, pkg, bytes));
      t.strictSame(
        shown,
        facts.map(fact => fact.name),
        name,
      );
    }
  });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a message as a log shows it', async t => {
  const config: Message = {
    metadata: { name: 'web', uid: 'u-1', namespace: 'default', attempt: 2 },
    dns_config: { servers: ['10.0.0.1', '10.0.0.2'] },
    labels: { app: 'web', 'a.b/c': '' },
    linux: {
      security_context: {
        namespace_options: { network: 'NODE', pid: 'CONTAINER' },
        run_as_user: { value: -1n },
        privileged: true,
      },
      resources: { memory_limit_in_bytes: 2n ** 62n, cpu_shares: 512n },
    },
  };
  const request = criTypes('runtime.v1').encode('RunPodSandboxRequest', { config, runtime_handler: 'kata' });
  t.strictSame(plain(dump('RunPodSandboxRequest', 'runtime.v1', request)), {
    config: {
      metadata: { name: 'web', uid: 'u-1', namespace: 'default', attempt: 2 },
      dns_config: { servers: ['10.0.0.1', '10.0.0.2'] },
      labels: { app: 'web', 'a.b/c': '' },
      linux: {
        security_context: {
          namespace_options: { network: 'NODE', pid: 'CONTAINER' },
          run_as_user: { value: -1 },
          privileged: true,
        },
        resources: { cpu_shares: 512, memory_limit_in_bytes: '4611686018427387904' },
      },
    },
    runtime_handler: 'kata',
  });
});

const shown: ReadonlyArray<readonly [what: string, message: string, bytes: Buffer, shown: unknown]> = [
  ['an empty message', 'StopPodSandboxRequest', message(), {}],
  ['a message without fields', 'StartContainerResponse', message(), {}],
  ['an unknown field', 'StopPodSandboxRequest', len(9, 'abc'), { field_9: '<3 bytes>' }],
  ['an unknown enum value', 'PodSandboxStateValue', varint(1, 7), { state: 7 }],
  ['false', 'StatusRequest', varint(1, 0), { verbose: false }],
  ['a negative int32', 'ExecSyncResponse', hex('18 ffffffffffffffffff01'), { exit_code: -1 }],
  ['the largest uint64', 'UInt64Value', hex('08 ffffffffffffffffff01'), { value: '18446744073709551615' }],
  ['the smallest int64', 'Int64Value', hex('08 80808080808080808001'), { value: '-9223372036854775808' }],
  ['a double', 'PsiData', fixed64(2), { Avg10: 1.5 }],
  ['a string where a number should be', 'StatusRequest', len(1, 'abc'), { verbose: '<3 bytes>' }],
  ['a number where a string should be', 'StopPodSandboxRequest', varint(1, 300), { pod_sandbox_id: '<2 bytes>' }],
  ['a 32-bit value', 'StopPodSandboxRequest', fixed32(1), { pod_sandbox_id: '<4 bytes>' }],
  ['a group', 'StopPodSandboxRequest', group(1, len(1, 'x')), { pod_sandbox_id: '<4 bytes>' }],
  ['packed numbers', 'LinuxContainerUser', len(3, hex('01 02')), { supplemental_groups: ['<2 bytes>'] }],
  ['output', 'ExecSyncResponse', len(1, 'line 1\nline 2\n'), { stdout: 'line 1\nline 2\n' }],
  ['much output', 'ExecSyncResponse', len(1, 'x'.repeat(2000)), { stdout: `${'x'.repeat(1024)}... (2000 bytes)` }],
  ['a map key of Object', 'PodSandbox', len(5, len(1, '__proto__'), len(2, 'x')), { labels: { ['__proto__']: 'x' } }],
];

for (const [what, name, bytes, expected] of shown) {
  test(`dump shows ${what}`, async t => {
    t.equal(JSON.stringify(dump(name, 'runtime.v1', bytes)), JSON.stringify(expected));
  });
}

const broken: ReadonlyArray<readonly [what: string, bytes: Buffer, fault: string]> = [
  ['a truncated record', message(len(1, 'c1'), hex('12 05 61')), 'record longer than its message at byte 4'],
  ['no message at all', hex('ff'), 'truncated field number at byte 0'],
  ['field number 0', message(len(1, 'c1'), tag(0, 0)), 'field number 0 at byte 4'],
];

for (const [what, bytes, fault] of broken) {
  test(`dump shows ${what} as far as it goes`, async t => {
    t.equal(dump('StopContainerRequest', 'runtime.v1', bytes)['<malformed>'], fault);
  });
}

test('a malformed submessage does not hide the fields after it', async t => {
  const bytes = message(len(1, hex('ff')), len(2, 'kata'));
  t.strictSame(plain(dump('RunPodSandboxRequest', 'runtime.v1', bytes)), {
    config: { '<malformed>': 'truncated field number at byte 2' },
    runtime_handler: 'kata',
  });
});

test('fields that differ in runtime are shown in that package’s form', async t => {
  const types = criTypes('runtime');
  const options = { host_network: true, host_pid: true };
  const config = { linux: { security_context: { namespace_options: options } } };
  t.strictSame(plain(dump('RunPodSandboxRequest', 'runtime', types.encode('RunPodSandboxRequest', { config }))), {
    config: { linux: { security_context: { namespace_options: options } } },
  });
  const usage = { timestamp: 5n, storage_id: { uuid: 'disk-1' } };
  const info = types.encode('ImageFsInfoResponse', { image_filesystems: [usage] });
  t.strictSame(plain(dump('ImageFsInfoResponse', 'runtime', info)), {
    image_filesystems: [{ timestamp: 5, storage_id: { uuid: 'disk-1' } }],
  });
});

/** The number of values that a dump shows. */
function countValues(shown: unknown): number {
  if (typeof shown !== 'object' || shown === null) return 1;
  return Object.values(shown).reduce((sum: number, each) => sum + countValues(each), 0);
}

const manyEnvs = Array.from({ length: 100_000 }, (_, at) => ({ key: `NAME_${at}`, value: Buffer.from('v') }));
const manyAnnotations = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`a${at}`, 'v']));
const large: ReadonlyArray<readonly [what: string, message: string, value: Message]> = [
  ['100,000 environment variables', 'CreateContainerRequest', { config: { envs: manyEnvs } }],
  ['20,000 annotations', 'RunPodSandboxRequest', { config: { annotations: manyAnnotations } }],
  ['10,000 arguments', 'ExecSyncRequest', { cmd: Array(10_000).fill('argument') }],
  ['an argument of 4 MiB', 'ExecSyncRequest', { cmd: ['x'.repeat(4 << 20)] }],
  ['an annotation of 4 MiB', 'RunPodSandboxRequest', { config: { annotations: { a: 'x'.repeat(4 << 20) } } }],
  ['100 arguments of 4 KiB', 'ExecSyncRequest', { cmd: Array(100).fill('x'.repeat(4096)) }],
];

for (const [what, name, value] of large) {
  test(`${what} are shown in part`, async t => {
    const shown = dump(name, 'runtime.v1', criTypes('runtime.v1').encode(name, value));
    t.ok(countValues(shown) <= 600, `${countValues(shown)} values`);
    const text = JSON.stringify(shown);
    t.ok(text.length < 50_000, `${text.length} characters`);
    t.match(text, /<\d+ more bytes>|\.\.\. \(\d+ (?:bytes|characters)\)/);
  });
}
