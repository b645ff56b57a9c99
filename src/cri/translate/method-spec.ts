import { type MethodRow, methods } from '../tables/methods.ts';
import { hasMethod, type Package, packages } from './packages.ts';

/** A method with its name and the names of its messages. */
export interface MethodSpec extends MethodRow {
  readonly name: string;
  readonly request: string;
  readonly response: string;
}

/** The method of this name. Throws for a name that has no row. */
export function methodSpec(name: string): MethodSpec {
  const row = methods[name];
  if (row === undefined) throw new Error(`no CRI method ${name}`);
  return { request: `${name}Request`, response: `${name}Response`, ...row, name };
}

/** A method as a client calls it: in one CRI API package. */
export interface Endpoint {
  readonly method: MethodSpec;
  readonly client: Package;
}

/** Every gRPC path that CRI has, in all packages. */
export function endpoints(): Map<string, Endpoint> {
  const all = new Map<string, Endpoint>();
  for (const name of Object.keys(methods)) {
    const method = methodSpec(name);
    for (const client of packages) {
      if (hasMethod(client, method.since)) all.set(`/${client}.${method.service}/${name}`, { method, client });
    }
  }
  return all;
}
