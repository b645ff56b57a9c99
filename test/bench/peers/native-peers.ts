import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs in Go on grpc-go, the library of kubelets and runtimes. */
export interface NativePeers {
  /** The paths of the executables. */
  readonly runtime: string;
  readonly client: string;
  readonly relay: string;
}

const sources = join(import.meta.dirname, 'native');
/** Each executable's files. */
const programs = {
  runtime: ['runtime.go', 'codec.go', 'connect.go'],
  client: ['client.go', 'plan.go', 'connect.go', 'codec.go'],
  relay: ['relay.go', 'connect.go', 'codec.go'],
} as const;

/**
 * Builds the programs once, from Debian's packages (the group `native`), without a network. The executables
 * are kept in a folder of os.tmpdir() that has the hash of the sources in its name. Throws when the compiler does.
 */
export function buildNativePeers(): NativePeers {
  const hash = createHash('sha256');
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, file)));
  const kept = join(tmpdir(), `criproxy-bench-native-${hash.digest('hex').slice(0, 16)}`);
  if (!isOurs(kept)) build(kept);
  return { runtime: join(kept, 'runtime'), client: join(kept, 'client'), relay: join(kept, 'relay') };
}

/** Whether the folder is there, and nobody else can have put the programs into it. */
function isOurs(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0)
    throw new Error(`${folder} belongs to somebody else; remove it`);
  return true;
}

function build(target: string): void {
  const folder = mkdtempSync(`${target}.`);
  const cache = mkdtempSync(join(tmpdir(), 'criproxy-bench-go-'));
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: cache, CGO_ENABLED: '0' };
  try {
    for (const [name, files] of Object.entries(programs)) {
      const args = ['build', '-o', join(folder, name), ...files];
      execFileSync('go', args, { cwd: sources, env, stdio: ['ignore', 'ignore', 'inherit'] });
    }
    renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(cache, { recursive: true, force: true });
  }
}
