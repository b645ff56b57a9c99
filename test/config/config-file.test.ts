import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { showFlags } from '../../src/cli/commands/config-command.ts';
import { givenFlags } from '../../src/cli/grammar/flags.ts';
import { UsageError } from '../../src/cli/grammar/usage-error.ts';
import { checkConfig } from '../../src/config/check-config.ts';
import { configOf } from '../../src/config/config.ts';
import { daemonFlags } from '../../src/config/daemon-flags.ts';
import { loadOptions } from '../../src/config/load-options.ts';
import { daemonOptions } from '../../src/config/options.ts';
import type { ProxyConfig } from '../../src/config/proxy-config.ts';
import { configOfFlags } from '../support/config-of-flags.ts';
import { randomRun } from '../support/random-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'criproxy-config-'));
const file = join(folder, 'config.yaml');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function read(text: string, ...flags: string[]): Promise<ProxyConfig> {
  writeFileSync(file, text);
  return configOf(await loadOptions(givenFlags(daemonFlags, ['-config', file, ...flags])));
}

/** The configuration without the name of the file. */
function common({ configFile: _, ...rest }: ProxyConfig): Partial<ProxyConfig> {
  return rest;
}

/** A file, and the flags with the same meaning. */
const same: ReadonlyArray<readonly [text: string, flags: readonly string[]]> = [
  ['', []],
  ['# nothing but a comment\n', []],
  ['listen: /run/x.sock', ['-listen', '/run/x.sock']],
  ['logLevel: 4', ['-v', '4']],
  ['ids: raw', ['-ids', 'raw']],
  ['imageFs: fullest', ['-imageFs', 'fullest']],
  ['imageNames: asked', ['-imageNames', 'asked']],
  ['streamUrl: http://10.0.0.1:99', ['-streamUrl', 'http://10.0.0.1:99']],
  ['streamPort: 99', ['-streamPort', '99']],
  ['listTimeout: 1.5s', ['-listTimeout', '1.5s']],
  ['maxSnapshotAge: 1h', ['-maxSnapshotAge', '1h']],
  ['stateDir: ""', ['-stateDir', '']],
  ['runtimes: [{socket: /run/a.sock}]', ['-connect', '/run/a.sock']],
  [
    'runtimes: [{socket: "unix:///run/a.sock"}, {id: b, socket: /run/b.sock}]',
    ['-connect', '/run/a.sock,b:/run/b.sock'],
  ],
  [
    'pins: ["pause*"]\nruntimes:\n- socket: /a\n  pins: [x]\n- {id: b, socket: /b, pins: ["y*", z]}',
    ['-connect', '/a,b:/b', '-pin', 'pause*,=x,b=y*,b=z'],
  ],
  [
    'runtimes:\n- {socket: /a, handlers: {fast: crun}}\n- {id: b, socket: /b, handlers: {vm: , gvisor: runsc}}',
    ['-connect', '/a,b:/b', '-handlers', 'fast=:crun,vm=b,gvisor=b:runsc'],
  ],
];

for (const [text, flags] of same) {
  test(`a file says the same as ${flags.join(' ') || 'no flags'}`, async t => {
    t.strictSame(common(await read(text)), common(configOfFlags(...flags)));
  });
}

const whole = `listen: /run/x.sock
listTimeout: 500ms
pins: [a]
runtimes:
  - socket: /a
    labels: {zone: one}
  - id: b
    socket: /b
    handlers: {vm: ''}
    annotations: [vm, machine]
    pins: [x]
    listTimeout: 2s
    labels: {team: two, tier: ''}
`;

test('options that only a file has', async t => {
  const { runtimes } = await read(whole);
  t.strictSame(
    runtimes.map(({ annotations, listTimeout, labels }) => ({ annotations, listTimeout, labels })),
    [
      { annotations: [], listTimeout: undefined, labels: { zone: 'one' } },
      { annotations: ['vm', 'machine'], listTimeout: 2000, labels: { team: 'two', tier: '' } },
    ],
  );
});

test('flags win over the file', async t => {
  const flagged = await read(whole, '-listen', '/y', '-listTimeout', '3s', '-pin', 'q', '-handlers', 'z=b');
  t.equal(flagged.listen, '/y');
  t.equal(flagged.listTimeout, 3000);
  t.strictSame(
    flagged.runtimes.map(({ listTimeout }) => listTimeout),
    [undefined, undefined],
    'for all runtimes',
  );
  t.strictSame([flagged.pins, flagged.runtimes[1]!.pins], [['q'], []]);
  t.strictSame(flagged.runtimes[1]!.handlers, { z: '' });
  const moved = await read(whole, '-connect', '/p,c:/q');
  const rest = {
    handlers: {},
    annotations: [],
    retiring: false,
    retiringExcept: [],
    pins: [],
    listTimeout: undefined,
  };
  t.strictSame(
    moved.runtimes,
    [
      { id: '', socket: '/p', ...rest, labels: { zone: 'one' } },
      { id: 'c', socket: '/q', ...rest, labels: {} },
    ],
    'without the options that the file has for a runtime that is not there',
  );
  t.strictSame(moved.pins, ['a']);
});

/** A file, and each line of the error, without the file's name. */
const faults: ReadonlyArray<readonly [text: string, lines: readonly string[]]> = [
  ['listen: 5', ['1: listen: "5" is not text; put it in quotes']],
  ['listen: x.sock', ['1: listen: "x.sock" is not an absolute path; write /path or unix:///path']],
  ['logLevel: 9', ['1: logLevel: "9" is not a log level; use 0 to 5']],
  ['logLevel: high', ['1: logLevel: "high" is not a whole number']],
  ['ids: both', ['1: ids: "both" is not one of prefixed, raw']],
  ['imageNames: short', ['1: imageNames: "short" is not one of asked, prefixed']],
  ['imageFs: none', ['1: imageFs: "none" is not one of primary, fullest, all']],
  ['streamPort: 0', ['1: streamPort: "0" is not a port; use 1 to 65535']],
  ['streamUrl: host', ['1: streamUrl: "host" is not http://host:port; write the streaming server\'s address so']],
  ['\n\nlistTimeout: soon', ['3: listTimeout: "soon" is not a duration; write it as 500ms, 1s, 2m or 1h30m']],
  ['listTimeout: 0s', ['1: listTimeout: "0s" gives runtimes no time to answer; write it as 1s or 500ms']],
  ['stateDir: var', ['1: stateDir: "var" is not an absolute path; write it as /var/lib/criproxy']],
  ['pins: ["a,b"]', ['1: pins[0]: "a,b" has a comma or a line break']],
  ['pins:\n  - a\n  - b=c', ['3: pins[1]: "b=c" has a "="']],
  ['runtimes: []', ['1: runtimes: is empty; the first runtime is the primary']],
  ['runtimes:\n  - id: a', ['2: runtimes[0].socket: is missing']],
  ['runtimes:\n  socket: /a', ['1: runtimes: is not a list, as - value']],
  ['- a', ['1: the file: is not a mapping, as key: value']],
  [
    'runtimes:\n  - id: a\n    socket: /a',
    [
      `2: runtimes[0].id: "a" cannot be the first: the first runtime is the primary and has no id; put the primary's socket before it`,
    ],
  ],
  [
    'runtimes:\n  - socket: /a\n  - socket: /b',
    ['3: runtimes[1].socket: "/b" is a second primary: only the first runtime is without an id; write it as id:socket'],
  ],
  [
    'runtimes:\n  - socket: /a\n  - id: b\n    socket: b.sock',
    ['4: runtimes[1].socket: "b.sock" is not an absolute path; write /path or unix:///path'],
  ],
  [
    'runtimes:\n  - socket: /a\n  - {id: b, socket: /b, annotations: [x]}\n  - {id: c, socket: /c, annotations: [x]}',
    ['4: runtimes[2].annotations[0]: "x" means runtime b already; use another value'],
  ],
  [
    'runtimes:\n  - socket: /a\n  - {id: b, socket: /b}\n  - {id: c, socket: /c, annotations: [b]}',
    ['4: runtimes[2].annotations[0]: "b" means runtime b already; use another value'],
  ],
  [
    'runtimes:\n  - socket: /a\n    handlers:\n      x: y\n  - id: b\n    socket: /b\n    handlers:\n      x: z',
    ['8: runtimes[1].handlers.x: "z" has the name of another entry, "x"; map each name once'],
  ],
  [
    'colour: red\nruntimes:\n  - socket: 7\n    sockt: /a\n',
    [
      '1: colour: "red" there is no such key; use one of listen, sockets, placement, pins, ids, imageNames, imageFs, logLevel, streamPort, streamUrl, listTimeout, stateDir, maxSnapshotAge, adminSocket, metrics, otlp, logFormat, enableFaults, runtimes',
      '3: runtimes[0].socket: "7" is not text; put it in quotes',
      '4: runtimes[0].sockt: "/a" there is no such key; use one of id, socket, handlers, annotations, retiring, retiringExcept, pins, listTimeout, labels',
    ],
  ],
  [
    'ids: both\nenableFaults: 1\nruntimes:\n- {socket: /a, handlers: {"x=y": z}, listTimeout: 0s}\n- {id: a__b, socket: c}',
    [
      '1: ids: "both" is not one of prefixed, raw',
      '2: enableFaults: "1" is not true or false',
      '4: runtimes[0].handlers.x=y: "x=y" has a "=" or a ":"',
      '4: runtimes[0].listTimeout: "0s" gives runtimes no time to answer; write it as 1s or 500ms',
      '5: runtimes[1].id: "a__b" has an id that cannot be used: it contains "__", which separates the id from a pod\'s id',
      '5: runtimes[1].socket: "c" is not an absolute path; write /path or unix:///path',
    ],
  ],
  [
    'runtimes:\n- {socket: /a}\n- {id: b, socket: /b}\n- {id: b, socket: /c}\n- {id: d, socket: /a}',
    [
      '4: runtimes[2].id: "b" has the id of another runtime, "b"; give it an id of its own',
      '5: runtimes[3].socket: "/a" has the socket of another runtime; name each runtime once',
    ],
  ],
  ['listen: /a\nlisten: /b', ['2: Map keys must be unique']],
  ['listen: "/a', ['1: Missing closing "quote']],
];

for (const [text, lines] of faults) {
  test(`a file with ${JSON.stringify(text)} is a usage error at line ${lines.map(line => line.split(':')[0]).join(', ')}`, async t => {
    const fault = await read(text).then(
      () => undefined,
      (error: unknown) => error,
    );
    t.ok(fault instanceof UsageError, String(fault));
    t.strictSame(
      (fault as Error).message.split('\n'),
      lines.map(line => `${file}:${line}`),
    );
  });
}

for (const depth of [1_000, 20_000]) {
  test(`a file with ${depth} lists inside one another is a usage error of one line`, async t => {
    const fault = await read(`runtimes: ${'['.repeat(depth)}${']'.repeat(depth)}`).catch((error: unknown) => error);
    t.ok(fault instanceof UsageError, String(fault));
    const { message } = fault as Error;
    t.match(message, file);
    t.ok(message.length < 300 && !/\n|stack/.test(message), message.slice(0, 300));
  });
}

test('a file that is not there', async t => {
  await t.rejects(loadOptions(new Map([['config', '/no/such.yaml']])), {
    message: /^flag -config: "\/no\/such.yaml" cannot be read: ENOENT/,
  });
});

test('config check', async t => {
  writeFileSync(file, whole);
  t.equal(await checkConfig(file), `${file}: ok, 2 runtimes\n`);
  writeFileSync(file, 'ids: both');
  await t.rejects(checkConfig(file), { message: `${file}:1: ids: "both" is not one of prefixed, raw` });
});

test('the example of the documentation can be used', async t => {
  const docs = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(docs)!;
  const config = await read(example!);
  t.strictSame(
    config.runtimes.map(({ id }) => id),
    ['', 'virtlet.cloud', 'kata', 'gvisor', 'crio'],
  );
  t.strictSame(
    config.runtimes.map(({ handlers }) => handlers),
    [{ fast: 'crun' }, { vm: '' }, { 'kata-qemu': 'qemu', 'kata-clh': 'clh' }, { sandboxed: 'runsc' }, {}],
  );
});

test('config show says where each value comes from', async t => {
  writeFileSync(file, whole);
  const shown = await showFlags(['-config', file, '-v', '3']);
  const rows = [
    `listen: /run/x.sock # ${file}:1`,
    'logLevel: 3 # flag -v',
    'ids: prefixed # default',
    `listTimeout: 500ms # ${file}:2`,
    `  - a # ${file}:3`,
    `  - socket: /a # ${file}:5`,
    `  - id: b # ${file}:7`,
    `      vm: "" # ${file}:9`,
    `      - machine # ${file}:10`,
    `      - x # ${file}:11`,
    `    listTimeout: 2s # ${file}:12`,
    `      team: two # ${file}:13`,
  ];
  const lines = shown.split('\n');
  for (const row of rows) t.ok(lines.includes(row), `${row} in\n${shown}`);
  const { logLevel: _, ...again } = await read(shown);
  const { logLevel: __, ...first } = await read(whole);
  t.strictSame(again, first, 'and is a file that says the same');
});

test('a start without -config loads no YAML reader beyond the log, and no schema', async t => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/^(?:import|export)\b(?! type)[^;]*?from '([^']+)'/gm)) {
      if (name!.startsWith('.')) visit(join(dirname(path), name!));
      else packages.add(name!);
    }
  };
  visit(main);
  // The module that is loaded when no command is given.
  visit(fileURLToPath(new URL('../../src/daemon/run-daemon.ts', import.meta.url)));
  t.ok(seen.size > 50, `${seen.size} files`);
  t.notOk(packages.has('zod'));
  t.notOk(
    [...seen].some(path => /(?:config-(?:file|schema|show|command|rows)|commands|dispatch|help)\.ts$/.test(path)),
  );
});

for (const [what, text] of [
  ['lists', `runtimes: ${'['.repeat(20_000)}`],
  ['lists that end', `runtimes: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ['mappings', `runtimes: ${'{a: '.repeat(20_000)}`],
] as const) {
  test(`${what} 20,000 deep are refused in a line`, async t => {
    const fault = await read(text).catch(error => error);
    t.type(fault, UsageError);
    t.match(fault.message, /^\S+: lists or maps are inside one another too often$/);
  });
}

test('aliases that multiply are refused in a line', async t => {
  const rows = Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(10)}]`);
  const fault = await read(`a0: &a0 [x]\n${rows.join('\n')}\n`).catch(error => error);
  t.type(fault, UsageError);
  t.match(fault.message, /^\S+: Excessive alias count.*$/);
});

/** Values of each kind of option, as a file has them. */
const samples: Readonly<Record<string, readonly string[]>> = {
  listen: ['/run/x.sock', 'unix:///run/y.sock'],
  placement: ['[]', '[{runtime: primary}]', '[{namespaces: [ci-*], labels: {a: ""}, share: 12.5%, runtime: primary}]'],
  sockets: [
    '[]',
    '[{path: /s, allow: [read]}]',
    '[{path: /s, mode: "640", group: g, allow: [all, L*], redact: true, namespaces: [a-*], rate: 1}]',
  ],
  pins: ['[]', '["*"]', '[a, "b:?"]'],
  ids: ['raw', 'prefixed'],
  imageNames: ['asked', '""'],
  imageFs: ['fullest'],
  logLevel: ['0', '5'],
  streamPort: ['1', '65535'],
  streamUrl: ['http://10.0.0.1:99/', '""'],
  listTimeout: ['500ms', '1h30m'],
  stateDir: ['""', '/x'],
  maxSnapshotAge: ['""', '0s'],
  adminSocket: ['""', '/run/z.sock'],
  metrics: ['":1"', '"[::1]:9494"', '""'],
  otlp: ['http://a:1/', '""'],
  logFormat: ['json'],
  enableFaults: ['true', 'false'],
};

const ofRuntime: Readonly<Record<string, readonly string[]>> = {
  handlers: ['{}', '{AT: }', '{AT: "", xAT: y, __proto__: z}'],
  annotations: ['[]', '[AT, "vm AT"]'],
  retiring: ['true', 'false'],
  retiringExcept: ['[]', '[static, critical]'],
  pins: ['[]', '["x*"]'],
  listTimeout: ['""', '2s'],
  labels: ['{}', '{a: "", "b c": "d: #e"}'],
};

const { random, rounds, name } = randomRun(200);

test(`config show says the same as a random file (${name})`, async t => {
  t.strictSame(Object.keys(samples).sort(), daemonOptions.map(({ key }) => key).sort(), 'every option has samples');
  const some = (rows: typeof samples) =>
    Object.entries(rows).flatMap(([key, values]) => (random.below(2) === 0 ? [`${key}: ${random.pick(values)}`] : []));
  for (let round = 0; round < rounds; round++) {
    const runtimes = [0, 1, 2].slice(0, random.below(4)).map(at => {
      const own = some(ofRuntime).map(line => line.replaceAll('AT', `n${at}`));
      const keys = [
        ...(at === 0 ? [] : [`id: r${at}`]),
        `socket: /r${at}`,
        ...own.filter(line => !(at > 0 && line.includes('__proto__'))),
      ];
      return `- ${keys.join('\n  ')}\n`;
    });
    const text = [...some(samples), ...(runtimes.length > 0 ? [`runtimes:\n${runtimes.join('')}`] : [])].join('\n');
    const config = await read(text);
    const shown = await showFlags(['-config', file]);
    t.strictSame(await read(shown), config, `${text}\n---\n${shown}`);
  }
});
