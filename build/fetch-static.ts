import { createRequire } from 'node:module';
import { pkgRequire } from './pkg.ts';

/**
 * `node build/fetch-static.ts VERSION ARCH`: has pkg download its static Node.js, whose digest it knows, or find it in its cache, and
 * prints the path in a last line `base PATH`. It never compiles one, which would take hours.
 */
const [version, arch] = process.argv.slice(2);

interface Wanted {
  readonly nodeRange: string;
  readonly platform: 'linuxstatic';
  readonly arch: string;
  readonly forceFetch: true;
}

const { need } = createRequire(pkgRequire.resolve('@yao-pkg/pkg-fetch'))('./index.js') as {
  need(wanted: Wanted): Promise<string>;
};

try {
  const path = await need({ nodeRange: `node${version}`, platform: 'linuxstatic', arch: arch!, forceFetch: true });
  process.stdout.write(`\nbase ${path}\n`);
} catch {
  process.exitCode = 1; // pkg has printed the reason
}
