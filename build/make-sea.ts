import { createRequire } from 'node:module';

/**
 * `node build/make-sea.ts INPUT OUTPUT VERSION ARCH`: compiles one script by pkg's SEA mode. pkg's command line has no flag
 * for further fields of Node's SEA configuration, and ours must take no options from NODE_OPTIONS: monitoring
 * agents put `--require` there for every process of a node, and the daemon would run their code, or open a debugger's port, as root.
 */
const [input, output, version, arch] = process.argv.slice(2) as [string, string, string, string];

interface Target {
  readonly nodeRange: string;
  readonly platform: string;
  readonly arch: string;
  readonly output: string;
}

type MakeSea = (input: string, options: { targets: Target[]; seaConfig: object; signature: boolean }) => Promise<void>;

const { default: makeSea } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as { default: MakeSea };

await makeSea(input, {
  targets: [{ nodeRange: `node${version}`, platform: 'linux', arch, output }],
  seaConfig: { execArgvExtension: 'none' },
  signature: false,
});
