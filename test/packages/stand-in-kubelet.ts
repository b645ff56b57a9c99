/**
 * A kubelet reduced to its behaviour towards a package: it refuses flags and configuration that its release does not
 * know, asks its runtime for Version (and ImageFsInfo) as that release does, and ends if that fails. It writes its arguments
 * and its endpoint to /run/kubelet.json. Its release is in the file beside it whose name ends in `.minor`.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Client, credentials, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { parse } from 'yaml';

/** Flags and the releases that know them, first to last (kubernetes/kubernetes cmd/kubelet/app/options and CHANGELOG). */
const known: Readonly<Record<string, readonly [first: number, last: number]>> = {
  'allow-privileged': [9, 14],
  'bootstrap-kubeconfig': [9, 99],
  'cadvisor-port': [9, 11],
  'cgroup-driver': [9, 99],
  'cni-bin-dir': [9, 23],
  'cni-conf-dir': [9, 23],
  config: [10, 99],
  'config-dir': [28, 99],
  'container-runtime': [9, 26],
  'container-runtime-endpoint': [9, 36],
  'enable-controller-attach-detach': [9, 99],
  'experimental-dockershim': [9, 18],
  'image-service-endpoint': [9, 36],
  kubeconfig: [9, 99],
  'network-plugin': [9, 23],
  'node-ip': [9, 99],
  'pod-infra-container-image': [9, 34],
  'pod-manifest-path': [9, 99],
  port: [9, 99],
  'runtime-request-timeout': [9, 99],
  v: [9, 99],
};

const self = process.argv[1]!;
const minor = Number(readFileSync(`${self}.minor`, 'utf8'));

function fail(message: string): never {
  process.stderr.write(`E kubelet: ${message}\n`);
  process.exit(1);
}

function readFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < argv.length; at++) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(argv[at]!);
    const name = match?.[1] ?? '';
    const [first, last] = known[name] ?? [1, 0];
    if (minor < first || minor > last) fail(`failed to parse kubelet flag: unknown flag: ${argv[at]}`);
    const isSwitch = name === 'experimental-dockershim';
    flags.set(name, match?.[2] ?? (isSwitch ? 'true' : (argv[++at] ?? fail(`flag needs an argument: ${name}`))));
  }
  return flags;
}

/** containerRuntimeEndpoint and imageServiceEndpoint are unknown keys before 1.27, which the kubelet refuses. */
function readConfig(file: string | undefined, folder: string | undefined): Record<string, string> {
  if (file === undefined) return {};
  const drops =
    folder === undefined
      ? []
      : readdirSync(folder)
          .filter(name => name.endsWith('.conf'))
          .sort()
          .map(name => `${folder}/${name}`);
  let merged: Record<string, string> = {};
  for (const path of [file, ...drops]) {
    if (!existsSync(path)) fail(`failed to load kubelet config file, path: ${path}`);
    const config = (parse(readFileSync(path, 'utf8')) ?? {}) as Record<string, string>;
    if (minor < 27 && 'containerRuntimeEndpoint' in config)
      fail(`strict decoding error: unknown field "containerRuntimeEndpoint"`);
    merged = { ...merged, ...config };
  }
  return merged;
}

const identity = (bytes: Buffer) => bytes;

function call(client: Client, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 2_000;
    client.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), { deadline }, (error, value) =>
      error ? reject(error) : resolve(value!),
    );
  });
}

/** healthzPort, which opens once the runtime has answered. */
function serveHealth(): void {
  createServer((_, answer) => answer.end('ok')).listen(10248, '127.0.0.1');
}

/** Asks the runtime as each release does at its start: kubernetes/kubernetes pkg/kubelet/cri/remote. */
async function greetRuntime(client: Client): Promise<string> {
  if (minor <= 9) return call(client, '/runtime.RuntimeService/Version').then(() => 'runtime');
  if (minor <= 22) return call(client, '/runtime.v1alpha2.RuntimeService/Version').then(() => 'runtime.v1alpha2');
  try {
    await call(client, '/runtime.v1.RuntimeService/Version');
    if (minor >= 26) await call(client, '/runtime.v1.ImageService/ImageFsInfo');
    return 'runtime.v1';
  } catch (fault) {
    if (minor >= 26 || (fault as ServiceError).code !== status.UNIMPLEMENTED) throw fault;
    await call(client, '/runtime.v1alpha2.RuntimeService/Version');
    return 'runtime.v1alpha2';
  }
}

/** Polls the runtime as the PLEG does, and notes the longest time without an answer, in ms. */
async function watchRuntime(client: Client, version: string, note: (outage: number) => void): Promise<never> {
  let last = performance.now();
  for (let longest = 0; ; ) {
    await new Promise(resolve => setTimeout(resolve, 50));
    const isUp = await call(client, `/${version}.RuntimeService/Version`).then(
      () => true,
      () => false,
    );
    if (!isUp) continue;
    const gap = performance.now() - last;
    last = performance.now();
    if (gap <= longest) continue;
    longest = gap;
    note(Math.round(longest));
  }
}

type Reply = (error: null, value: Buffer) => void;

function unary(path: string) {
  const codec = {
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  return { path, requestStream: false, responseStream: false, ...codec } as const;
}

/** A kubelet that is nothing but a dockershim: it answers what a kubelet asks at its start. */
function serveDockershim(endpoint: string): void {
  const path = endpoint.replace(/^unix:\/\//, '');
  const text = (field: number, value: string) => Buffer.from([(field << 3) | 2, value.length, ...Buffer.from(value)]);
  const version = Buffer.concat([text(1, '0.1.0'), text(2, 'docker'), text(3, '20.10.0'), text(4, '1.41.0')]);
  const name = minor <= 9 ? 'runtime' : 'runtime.v1alpha2';
  const server = new Server();
  server.addService(
    { version: unary(`/${name}.RuntimeService/Version`), images: unary(`/${name}.ImageService/ImageFsInfo`) },
    {
      version: (_: unknown, reply: Reply) => reply(null, version),
      images: (_: unknown, reply: Reply) => reply(null, Buffer.alloc(0)),
    },
  );
  rmSync(path, { force: true });
  server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), error => error && fail(error.message));
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes('--version')) return void process.stdout.write(`Kubernetes v1.${minor}.0\n`);
  const flags = readFlags(argv);
  const config = readConfig(flags.get('config'), flags.get('config-dir'));
  const isDocker = minor < 24 && (flags.get('container-runtime') ?? 'docker') === 'docker';
  const fromConfig = minor >= 27 ? config['containerRuntimeEndpoint'] : undefined;
  // For a test: a kubelet that uses another endpoint than the one it is given.
  const uses = existsSync('/run/kubelet.uses') ? readFileSync('/run/kubelet.uses', 'utf8') : undefined;
  if (uses !== undefined) process.stderr.write(`I kubelet: told to use ${uses}\n`);
  const endpoint =
    uses ||
    flags.get('container-runtime-endpoint') ||
    fromConfig ||
    (minor >= 24 ? 'unix:///run/containerd/containerd.sock' : 'unix:///var/run/dockershim.sock');
  if (flags.get('experimental-dockershim') === 'true') return serveDockershim(endpoint);
  // For a test: a kubelet that does not start with some endpoint.
  const refused = existsSync('/run/kubelet.refuses') ? readFileSync('/run/kubelet.refuses', 'utf8').trim() : undefined;
  if (refused === endpoint) fail(`failed to run Kubelet: ${endpoint} is refused`);
  appendFileSync('/run/kubelet.starts', `${argv.join(' ')}\n`);
  const state = { argv, endpoint: isDocker ? 'docker' : endpoint, minor, version: '', outage: 0 };
  const write = () => {
    writeFileSync('/run/kubelet.json.new', JSON.stringify(state));
    renameSync('/run/kubelet.json.new', '/run/kubelet.json');
  };
  if (isDocker) {
    write();
    return serveHealth();
  }
  // Releases up to 1.28 send the socket's path as :authority.
  const path = endpoint.replace(/^unix:\/\//, '');
  const options = {
    'grpc.max_reconnect_backoff_ms': 100,
    'grpc.initial_reconnect_backoff_ms': 50,
    ...(minor <= 28 && { 'grpc.default_authority': path }),
  };
  const client = new Client(`unix:${path}`, credentials.createInsecure(), options);
  state.version = await greetRuntime(client).catch((fault: Error) =>
    fail(`failed to run Kubelet: validate service connection: ${fault.message}`),
  );
  write();
  serveHealth();
  await watchRuntime(client, state.version, outage => {
    state.outage = outage;
    write();
  });
}

void main();
