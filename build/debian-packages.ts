import { existsSync } from 'node:fs';

/** The purpose of a Debian package, and a file that tells whether the package, or its program from elsewhere, is installed. */
interface DebianPackage {
  readonly name: string;
  readonly file: string;
}

/**
 * `demo`: two real containerd. `registry`: images to pull. `node`: a systemd node to install into. `packages`: tools that make and
 * check the Debian packages. `emulation`: an emulator for programs of arm64 on amd64. `terminal`: a terminal, as a person uses it.
 * `foreign`: an HTTP/2 client and gRPC core (for Python), which are not ours. `chart`: the templates and functions that Helm is made of.
 * `metrics`: promtool, which checks alert rules. `native`: the compiler and libraries for the peers on grpc-go of `npm run bench`.
 */
export const packageGroups = {
  demo: [
    { name: 'containerd', file: '/usr/bin/containerd' },
    { name: 'runc', file: '/usr/sbin/runc' },
    { name: 'containernetworking-plugins', file: '/usr/lib/cni/bridge' },
    // Package busybox has the same /bin/busybox, but needs a libc, which the images have not.
    { name: 'busybox-static', file: '/var/lib/dpkg/info/busybox-static.list' },
  ],
  registry: [
    { name: 'docker-registry', file: '/usr/bin/docker-registry' },
    { name: 'skopeo', file: '/usr/bin/skopeo' },
  ],
  node: [
    { name: 'systemd-container', file: '/usr/bin/systemd-nspawn' },
    { name: 'debootstrap', file: '/usr/sbin/debootstrap' },
    { name: 'iproute2', file: '/bin/ip' },
    { name: 'openssl', file: '/usr/bin/openssl' },
  ],
  packages: [
    { name: 'binutils-x86-64-linux-gnu', file: '/usr/bin/x86_64-linux-gnu-strip' },
    { name: 'binutils-aarch64-linux-gnu', file: '/usr/bin/aarch64-linux-gnu-strip' },
    // Static: the image of the installer has it, and no library.
    { name: 'busybox-static', file: '/var/lib/dpkg/info/busybox-static.list' },
    { name: 'fakeroot', file: '/usr/bin/fakeroot' },
    { name: 'file', file: '/usr/bin/file' },
    { name: 'groff-base', file: '/usr/bin/groff' },
    { name: 'icu-devtools', file: '/usr/sbin/icupkg' },
    { name: 'jq', file: '/usr/bin/jq' },
    { name: 'lintian', file: '/usr/bin/lintian' },
    { name: 'xz-utils', file: '/usr/bin/xz' },
  ],
  emulation: [
    { name: 'qemu-user', file: '/usr/bin/qemu-aarch64' },
    { name: 'libstdc++6-arm64-cross', file: '/usr/aarch64-linux-gnu/lib/libstdc++.so.6' },
  ],
  terminal: [{ name: 'tmux', file: '/usr/bin/tmux' }],
  foreign: [
    { name: 'nghttp2-client', file: '/usr/bin/h2load' },
    { name: 'python3-grpcio', file: '/usr/lib/python3/dist-packages/grpc/__init__.py' },
  ],
  metrics: [{ name: 'prometheus', file: '/usr/bin/promtool' }],
  native: [
    { name: 'golang-go', file: '/usr/bin/go' },
    { name: 'golang-google-grpc-dev', file: '/usr/share/gocode/src/google.golang.org/grpc/server.go' },
  ],
  chart: [
    { name: 'golang-go', file: '/usr/bin/go' },
    {
      name: 'golang-github-masterminds-sprig-dev',
      file: '/usr/share/gocode/src/github.com/Masterminds/sprig/functions.go',
    },
    { name: 'golang-gopkg-yaml.v3-dev', file: '/usr/share/gocode/src/gopkg.in/yaml.v3/yaml.go' },
  ],
} as const satisfies Record<string, readonly DebianPackage[]>;

export type PackageGroup = keyof typeof packageGroups;

/** The packages of the groups that are not installed. */
export function missingPackages(...groups: readonly PackageGroup[]): string[] {
  return groups.flatMap(group => packageGroups[group].filter(({ file }) => !existsSync(file)).map(({ name }) => name));
}
