import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './deploy-folder.ts';

/** An object of the Kubernetes API. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The package with the schemas of an API group. */
function packageOf(apiVersion: string): string {
  return apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
}

/** Wraps data and notes the keys that the validators do not read: they are compiled code, which accepts unknown keys. */
function watchReads(data: unknown, path: string, unread: Set<string>): unknown {
  if (data === null || typeof data !== 'object') return data;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(data) ? [] : {};
  for (const [key, value] of Object.entries(data)) {
    const at = `${path}/${key}`;
    unread.add(at);
    Object.assign(copy, { [key]: watchReads(value, at, unread) });
  }
  return new Proxy(copy, {
    get: (target, key, receiver) => {
      unread.delete(`${path}/${String(key)}`);
      return Reflect.get(target, key, receiver);
    },
  });
}

/**
 * The faults of an object by the schemas of the Kubernetes API (and of the Prometheus operator) in the npm packages:
 * wrong types, missing keys, unknown keys. Throws for a kind that they do not have.
 */
export async function findSchemaFaults(object: ApiObject): Promise<string[]> {
  const { apiVersion, kind } = object;
  const name = packageOf(apiVersion);
  if (!existsSync(join(root, 'node_modules', name, apiVersion, `${kind}.js`)))
    throw new Error(`no schema of ${apiVersion} ${kind}`);
  const models = (await import(`${name}/${apiVersion}/${kind}`)) as Record<string, new (data: unknown) => object>;
  const model = new models[kind]!({}) as { validate(): void };
  const unread = new Set<string>();
  const watched = watchReads(object, '', unread) as object;
  for (const [key, value] of Object.entries(Object.getOwnPropertyDescriptors(watched)))
    Object.defineProperty(model, key, { ...value, value: (watched as Record<string, unknown>)[key] });
  try {
    model.validate();
  } catch (fault) {
    return [(fault as Error).message];
  }
  return [...unread].map(path => `unknown key ${path}`);
}
