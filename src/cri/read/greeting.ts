import { Records, WireType } from '../../wire/records.ts';
import { type Package, packages } from '../translate/packages.ts';

/** The gRPC path of Version in a package. */
export function versionPath(of: Package): string {
  return `/${of}.RuntimeService/Version`;
}

/** A VersionRequest of the kubelet's API version (kubelet: kubeRuntimeAPIVersion "0.1.0"). */
export const versionRequest: Buffer = Buffer.from([0x0a, 5, ...Buffer.from('0.1.0')]);

/** A runtime's name and version, and the CRI API packages that it serves, best first. */
export interface Greeting {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly packages: readonly Package[];
  /** The VersionResponse in each of the packages, in their order. */
  readonly versions: ReadonlyMap<Package, Buffer>;
}

/** `answers`: the VersionResponse for each package that has one. Undefined if there is none at all. */
export function readGreeting(answers: ReadonlyMap<Package, Buffer>): Greeting | undefined {
  const served = packages.filter(each => answers.has(each));
  const best = served[0];
  if (best === undefined) return undefined;
  const versions = new Map(served.map(each => [each, answers.get(each)!]));
  const greeting = { runtimeName: '', runtimeVersion: '', packages: served, versions };
  const records = new Records(answers.get(best)!);
  while (records.next()) {
    if (records.type !== WireType.Len) continue;
    const text = records.bytes.toString('utf8', records.valueStart, records.valueEnd);
    if (records.field === 2) greeting.runtimeName = text;
    if (records.field === 3) greeting.runtimeVersion = text;
  }
  return greeting;
}
